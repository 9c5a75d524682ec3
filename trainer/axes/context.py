"""Which layers' readings a layer's row is made of. Imports no torch."""

from __future__ import annotations

from typing import Literal

from trainer.axes.base import Value


class Own(Value, title="Own layer"):
    """A layer's loss reads that layer's goodness alone."""

    kind: Literal["own"] = "own"

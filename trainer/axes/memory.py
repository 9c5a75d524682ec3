"""Where weights and activities live. Imports no torch."""

from __future__ import annotations

from typing import Literal

from trainer.axes.base import Value


class Resident(Value, title="Resident"):
    """Everything stays on the device for the whole run."""

    kind: Literal["resident"] = "resident"

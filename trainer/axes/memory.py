"""Where weights and activities live. Imports no torch."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from trainer.axes.base import RARE, Value


class Resident(Value, title="Resident"):
    """Everything stays on the device for the whole run."""

    kind: Literal["resident"] = "resident"
    batch: Literal["pieces", "whole"] = Field("pieces", title="A batch goes through", json_schema_extra=RARE)
    """pieces: a part of bounded size at a time, where no rule looks at all its images together, as batch norm, peer
    normalisation and terms do. whole: all of it at once, as most code does; the same gradient from more memory."""


class Streamed(Value, title="Streamed"):
    """Only the layer at work is in memory; the others, and the activities between two layers, wait in files of the
    run's folder (on a GPU in the host's memory). The peak does not grow with depth; the weights are the same, bit for
    bit."""

    kind: Literal["streamed"] = "streamed"


AnyMemory = Annotated[Resident | Streamed, Field(discriminator="kind")]

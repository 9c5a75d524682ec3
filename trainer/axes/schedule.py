"""When which layers learn. Imports no torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from trainer.axes.base import Value

Epochs = Annotated[int, Field(ge=1, le=1_000_000)]
BatchSize = Annotated[int, Field(ge=1, le=10_000_000)]


@dataclass(frozen=True)
class Phase:
    """A stretch of training: the layers (from 0) that learn in it, for `epochs` epochs."""

    name: str
    layers: tuple[int, ...]
    epochs: int


class Greedy(Value, title="Greedy"):
    """One layer after another: layer 1 for all its epochs, then layer 2 on what layer 1 hands over, and so on.

    Source: mohammadpz/pytorch_forward_forward; Kesanapalli et al.
    """

    at_once: ClassVar[bool] = False
    kind: Literal["greedy"] = "greedy"
    epochs: Epochs = Field(60, title="Epochs of each layer")
    """Passes over the training images for each layer; a net of two layers takes twice as many."""
    batch_size: BatchSize | None = Field(64, title="Batch size", json_schema_extra={"unit": "images"})
    """Images in a step; empty: the whole training set in one step."""

    def phases(self, layers: int) -> list[Phase]:
        return [Phase(f"train layer {layer + 1}", (layer,), self.epochs) for layer in range(layers)]


class Joint(Value, title="Joint"):
    """All layers learn in every step.

    Source: Hinton 2022's Matlab code; loeweX/Forward-Forward.
    """

    at_once: ClassVar[bool] = True
    kind: Literal["joint"] = "joint"
    epochs: Epochs = Field(60, title="Epochs")
    """Passes over the training images."""
    batch_size: BatchSize | None = Field(64, title="Batch size", json_schema_extra={"unit": "images"})
    """Images in a step; empty: the whole training set in one step."""
    activities: Literal["before", "after"] = Field("before", title="Hand over")
    """What a layer hands to the next: its activity from before its own update, or computed again after it."""

    def phases(self, layers: int) -> list[Phase]:
        return [Phase("train", tuple(range(layers)), self.epochs)]


AnySchedule = Annotated[Greedy | Joint, Field(discriminator="kind")]

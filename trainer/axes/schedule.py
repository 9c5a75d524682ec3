"""When which layers learn. Imports no torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from trainer.axes.base import Value

Epochs = Annotated[int, Field(ge=1, le=1_000_000)]
BatchSize = Annotated[int, Field(ge=1, le=10_000_000)]


@dataclass(frozen=True)
class Phase:
    """A stretch of training: the layers (from 0) that learn in it, for `epochs` epochs; none: the readout alone."""

    name: str
    layers: tuple[int, ...]
    epochs: int


class _AtOnce(Value):
    """All layers learn in every step."""

    at_once: ClassVar[bool] = True
    epochs: int

    @property
    def recomputes(self) -> bool:
        """Whether a layer that has learnt computes the activity it hands over again."""
        return False

    def phases(self, groups: Sequence[range]) -> list[Phase]:
        return [Phase("train", tuple(range(groups[-1].stop)), self.epochs)]

    def has_loss(self, layer: int, layers: int, step: int) -> bool:
        """Whether layer `layer` (from 0) has its loss in step `step` (from 1)."""
        return True


class Greedy(Value, title="Greedy"):
    """One layer after another: layer 1 for all its epochs, then layer 2 on what layer 1 hands over, and so on.

    Layers that a gradient joins (a block, a span trained by backprop) take their turn together.
    """

    cites: ClassVar[str] = "mohammadpz/pytorch_forward_forward; Kesanapalli et al."
    at_once: ClassVar[bool] = False
    recomputes: ClassVar[bool] = False
    kind: Literal["greedy"] = "greedy"
    epochs: Epochs = Field(60, title="Epochs of each layer")
    """Passes over the training images for each layer; a net of two layers takes twice as many."""
    batch_size: BatchSize | None = Field(
        64, title="Batch size", json_schema_extra={"unit": "images", "empty": "the whole training set in one step"}
    )
    """Images in a step; empty: the whole training set in one step."""

    def phases(self, groups: Sequence[range]) -> list[Phase]:
        """One for each group of layers that learn together."""
        return [Phase(f"train {_layers(group)}", tuple(group), self.epochs) for group in groups]

    def has_loss(self, layer: int, layers: int, step: int) -> bool:
        return True


class Joint(_AtOnce, title="Joint"):
    """All layers learn in every step."""

    cites: ClassVar[str] = "Hinton 2022's Matlab code; loeweX/Forward-Forward"
    kind: Literal["joint"] = "joint"
    epochs: Epochs = Field(60, title="Epochs")
    """Passes over the training images."""
    batch_size: BatchSize | None = Field(
        64, title="Batch size", json_schema_extra={"unit": "images", "empty": "the whole training set in one step"}
    )
    """Images in a step; empty: the whole training set in one step."""
    activities: Literal["before", "after"] = Field("before", title="Hand over")
    """What a layer hands to the next: its activity from before its own update, or computed again after it."""

    @property
    def recomputes(self) -> bool:
        return self.activities == "after"


class Alternating(_AtOnce, title="Alternating"):
    """Odd steps have losses on layers 1, 3, 5 …, even steps on layers 2, 4, 6 …; the last layer has one in every step.

    With overlapping pairs each step cuts the net into pairs that shift by one layer from step to step.
    """

    cites: ClassVar[str] = (
        "the Trifecta (Dooms, Tsang, Oramas 2023), whose code leaves the last block idle in every other step"
    )
    kind: Literal["alternating"] = "alternating"
    epochs: Epochs = Field(60, title="Epochs")
    """Passes over the training images."""
    batch_size: BatchSize | None = Field(
        64, title="Batch size", json_schema_extra={"unit": "images", "empty": "the whole training set in one step"}
    )
    """Images in a step; empty: the whole training set in one step."""

    def has_loss(self, layer: int, layers: int, step: int) -> bool:
        return layer == layers - 1 or layer % 2 == (step + 1) % 2


AnySchedule = Annotated[Greedy | Joint | Alternating, Field(discriminator="kind")]


def _layers(group: range) -> str:
    first, last = group.start + 1, group.stop
    return f"layer {first}" if first == last else f"layers {first}-{last}"

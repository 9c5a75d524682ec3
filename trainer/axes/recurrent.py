"""The recurrent net that looks up as well as down. Imports no torch."""

from __future__ import annotations

from itertools import pairwise
from math import prod
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from trainer.axes.architecture_base import Architecture, Width
from trainer.axes.base import RARE
from trainer.axes.mlp import Mlp
from trainer.blocks import course
from trainer.blocks.recurrent import TopDown
from trainer.clash import Found, clash

if TYPE_CHECKING:
    from trainer.blocks.base import Block, Shape
    from trainer.blocks.forms import Image

Ticks = Annotated[int, Field(ge=1, le=100)]


class Recurrent(Architecture, title="Recurrent, top-down"):
    """Fully connected layers that take the layer below and the layer above, tick by tick; the image is held below the
    first, the label above the last.

    Each layer learns at every tick that counts; no gradient runs through time or between layers.
    """

    cites: ClassVar[str] = "Hinton 2022, section 3.4 (8 synchronous ticks, of which 3 to 5 count)"
    top_down: ClassVar[bool] = True
    kind: Literal["recurrent"] = "recurrent"
    hidden: tuple[Width, ...] = Field(
        (500, 500), min_length=1, max_length=64, title="Layers", json_schema_extra={"unit": "units"}
    )
    """Units of each hidden layer, from the pixels up."""
    ticks: Ticks = Field(5, title="Ticks")
    """How often all layers are computed anew."""
    score_ticks: Ticks = Field(3, title="Ticks that count")
    """The last so many ticks are learnt from and read: of 5 the last 3 are Hinton's 3 to 5."""
    damping: float = Field(0.7, gt=0, le=1, title="New activity")
    """A state becomes this share of the new activity, and the rest of what it was."""
    start: Literal["zeros", "bottom_up"] = Field("zeros", title="Start")
    """zeros: silent states. bottom_up: a pass from below sets them first, as in Hinton's description."""
    update: Literal["synchronous", "alternating"] = Field("synchronous", title="Order", json_schema_extra=RARE)
    """synchronous: all layers see the states of the tick before. alternating: every other layer in place, then the
    rest, which needs no second copy of the states."""

    @property
    def depth(self) -> int:
        return len(self.hidden)

    def blocks(self, inputs: Shape, classes: int, image: Image) -> list[Block]:
        below = pairwise([prod(inputs), *self.hidden])
        above = [*self.hidden[1:], classes]
        return [
            TopDown((down + up,), (units,), still=0 if layer else down, above=up)
            for layer, ((down, units), up) in enumerate(zip(below, above, strict=True))
        ]

    @property
    def course(self) -> tuple[course.Visit, ...]:
        first = self.ticks - self.score_ticks + 1
        return course.ticks(
            self.depth, self.ticks, first, upward=self.start == "bottom_up", in_place=self.update == "alternating"
        )

    @property
    def upward(self) -> Mlp:
        return Mlp(hidden=self.hidden)

    @property
    def settling(self) -> float:
        return self.damping

    def problems(self) -> Found:
        if self.score_ticks > self.ticks:
            msg = f"there are {self.ticks} ticks, so at most as many can count"
            yield clash("architecture.score_ticks", msg, self.ticks)

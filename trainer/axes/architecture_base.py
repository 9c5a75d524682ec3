"""What every architecture tells. Imports no torch at module level."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from trainer.axes.base import Value
from trainer.blocks import course, forms
from trainer.blocks.base import Block, Shape
from trainer.blocks.forms import Image
from trainer.clash import Found

Width = Annotated[int, Field(ge=1, le=65_536)]


class Architecture(Value):
    """A list of blocks, the form in which images enter them, and the order in which a pass goes through them."""

    takes: ClassVar[Literal["image", "text", "any"]] = "any"
    flat: ClassVar[bool] = True
    """Whether rows of numbers enter; else maps (C, H, W) or tokens (T, E)."""
    top_down: ClassVar[bool] = False
    """Whether layers also take what stands above them, and the top one the label: all learn by themselves, at once."""

    if TYPE_CHECKING:  # a field of some

        @property
        def depth(self) -> int:
            """Number of layers."""

    @abstractmethod
    def blocks(self, inputs: Shape, classes: int, image: Image) -> list[Block]:
        """The layers, for coded rows of shape `inputs`, made of an `image`."""

    @property
    def form(self) -> forms.Form:
        """How images enter."""
        return forms.Rows() if self.flat else forms.Maps()

    @property
    def course(self) -> tuple[course.Visit, ...]:
        """The turns of a pass."""
        return course.once(self.depth)

    @property
    def upward(self) -> Architecture:
        """The same layers without what stands above them: what a gradient can run through as a whole."""
        return self

    @property
    def settling(self) -> float:
        """Share of the new activity in a layer's state after a turn."""
        return 1.0

    def problems(self) -> Found:
        """Fields that do not go together, each with what would work."""
        yield from ()

    def misfits(self, inputs: Shape, classes: int, image: Image) -> Found:
        """What keeps it from coded rows of shape `inputs`."""
        yield from ()

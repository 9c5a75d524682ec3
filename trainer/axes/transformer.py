"""A small transformer. Imports no torch."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from trainer.axes.architecture_base import Architecture
from trainer.blocks.attention import Attention
from trainer.blocks.forms import Patches
from trainer.clash import Found, clash

if TYPE_CHECKING:
    from trainer.blocks.base import Block, Shape
    from trainer.blocks.forms import Image


class Transformer(Architecture, title="Transformer"):
    """Patches of the image as tokens, and blocks of attention, each a layer with a goodness of its own.

    The embedding of patches and positions belongs to the first block. A label code of the image's size is one more
    token.
    """

    cites: ClassVar[str] = "Dosovitskiy et al. 2021, small and with pre-norm blocks"
    flat: ClassVar[bool] = False
    kind: Literal["transformer"] = "transformer"
    patch: int = Field(7, ge=1, le=1024, title="Patch", json_schema_extra={"unit": "pixels"})
    """Side of a patch; it must divide the image. In a text, characters of a token."""
    width: int = Field(120, ge=1, le=65_536, title="Width", json_schema_extra={"unit": "numbers"})
    """Numbers of a token."""
    depth: int = Field(3, ge=1, le=64, title="Blocks")
    """Blocks of attention and two dense maps, one after another."""
    heads: int = Field(4, ge=1, le=1024, title="Heads")
    """Parts of a token that attend by themselves; must divide the width."""
    ratio: int = Field(2, ge=1, le=64, title="Hidden ratio")
    """Hidden units of a block's dense maps for each number of a token."""

    @property
    def form(self) -> Patches:
        return Patches(self.patch)

    def blocks(self, inputs: Shape, classes: int, image: Image) -> list[Block]:
        tokens = inputs[0]
        first = Attention(inputs, (tokens, self.width), self.heads, self.ratio, embeds=True)
        wide = (tokens, self.width)
        return [first, *(Attention(wide, wide, self.heads, self.ratio) for _ in range(self.depth - 1))]

    def problems(self) -> Found:
        if self.width % self.heads:
            works = [heads for heads in range(1, self.width + 1) if self.width % heads == 0 and heads <= 16]
            msg = f"{self.heads} heads cannot share {self.width} numbers: {', '.join(map(str, works))} would work"
            yield clash("architecture.heads", msg, *_nearest(works, self.heads))

    def misfits(self, inputs: Shape, classes: int, image: Image) -> Found:
        if not self.form.fits(image):
            height, width, _ = image
            sizes = [size for size in range(1, max(height, width) + 1) if Patches(size).fits(image)]
            msg = f"patches of {self.patch} do not cover {height} × {width}: {', '.join(map(str, sizes))} would work"
            yield clash("architecture.patch", msg, *_nearest(sizes, self.patch))


def _nearest(works: list[int], asked: int) -> list[int]:
    """The numbers that work: those up to the one asked for from the largest down, then the larger ones."""
    return sorted(works, key=lambda number: (number > asked, abs(number - asked)))

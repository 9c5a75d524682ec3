"""The multilayer perceptron. Imports no torch."""

from __future__ import annotations

from itertools import pairwise
from math import prod
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from trainer.axes.architecture_base import Architecture, Width
from trainer.blocks.dense import Dense

if TYPE_CHECKING:
    from trainer.blocks.base import Block, Shape
    from trainer.blocks.forms import Image


class Mlp(Architecture, title="Multilayer perceptron"):
    """Fully connected layers, one after another; images are read as rows of pixels."""

    cites: ClassVar[str] = "Hinton 2022 uses four layers of 2000, Pezeshki's well-known code two of 500"
    kind: Literal["mlp"] = "mlp"
    hidden: tuple[Width, ...] = Field(
        (500, 500), min_length=1, max_length=64, title="Layers", json_schema_extra={"unit": "units"}
    )
    """Units of each hidden layer, from the pixels up. Every layer has a goodness of its own."""

    @property
    def depth(self) -> int:
        """Number of layers."""
        return len(self.hidden)

    def blocks(self, inputs: Shape, classes: int, image: Image) -> list[Block]:
        """The layers, for coded rows of shape `inputs`."""
        return [Dense((below,), (above,)) for below, above in pairwise([prod(inputs), *self.hidden])]

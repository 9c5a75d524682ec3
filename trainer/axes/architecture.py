"""The net's shape. Imports no torch."""

from __future__ import annotations

from itertools import pairwise
from math import prod
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from trainer.axes.base import Value
from trainer.blocks.base import Block, Shape
from trainer.blocks.dense import Dense
from trainer.blocks.identity import Identity

Width = Annotated[int, Field(ge=1, le=65_536)]


class Mlp(Value, title="Multilayer perceptron"):
    """Fully connected layers, one after another; images are read as rows of pixels.

    Source: Hinton 2022 uses four layers of 2000, Pezeshki's well-known code two of 500.
    """

    kind: Literal["mlp"] = "mlp"
    hidden: tuple[Width, ...] = Field(
        (500, 500), min_length=1, max_length=64, title="Layers", json_schema_extra={"unit": "units"}
    )
    """Units of each hidden layer, from the pixels up. Every layer has a goodness of its own."""

    takes: ClassVar[Literal["image", "text", "any"]] = "any"
    flat: ClassVar[bool] = True
    """Whether rows of numbers enter; else maps (C, H, W)."""

    @property
    def depth(self) -> int:
        """Number of layers."""
        return len(self.hidden)

    def blocks(self, inputs: Shape, classes: int) -> list[Block]:
        """The layers, for coded rows of shape `inputs`."""
        return [Dense((below,), (above,)) for below, above in pairwise([prod(inputs), *self.hidden])]


class Pixels(Value, title="None: the pixels"):
    """No layer but the input itself: with class rows a linear classifier on the pixels, the least a net has to beat."""

    takes: ClassVar[Literal["image", "text", "any"]] = "any"
    flat: ClassVar[bool] = True
    depth: ClassVar[int] = 1
    kind: Literal["pixels"] = "pixels"

    def blocks(self, inputs: Shape, classes: int) -> list[Block]:
        return [Identity(inputs, inputs)]


AnyArchitecture = Annotated[Mlp | Pixels, Field(discriminator="kind")]

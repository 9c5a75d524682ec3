"""How a candidate label enters the input. Imports no torch at module level.

A one-hot code touches columns of its own, so that all candidates of an image share the first layer's product of the
other columns (`columns`): z(label) = image part + strength · the label's column of the weights.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from trainer.axes.base import Value

if TYPE_CHECKING:
    from torch import Tensor

Strength = Annotated[float, Field(gt=0, le=1000)] | Literal["max"]


class NoCode(Value, title="None"):
    """The label is not in the input: for layers that emit a row of class scores (Mono-Forward, backprop)."""

    carries_label: ClassVar[bool] = False
    kind: Literal["none"] = "none"

    def width(self, inputs: int, classes: int) -> int:
        """Columns of the coded input."""
        return inputs

    def columns(self, inputs: int, classes: int) -> tuple[slice, slice]:
        """(columns of the label, columns of the image) in the coded input."""
        return slice(0, 0), slice(0, inputs)

    def image(self, x: Tensor, classes: int) -> Tensor:
        """The part of the image that stays: (B, P)."""
        return x


class Overlay(Value, title="Overlay"):
    """The first K inputs are overwritten by the one-hot label, K the number of classes.

    Source: Hinton 2022; mohammadpz/pytorch_forward_forward.
    """

    carries_label: ClassVar[bool] = True
    kind: Literal["overlay"] = "overlay"
    strength: Strength = Field(1.0, title="Label strength")
    """Value of the label's pixel: a number, or max for the brightest training pixel."""

    def width(self, inputs: int, classes: int) -> int:
        return inputs

    def columns(self, inputs: int, classes: int) -> tuple[slice, slice]:
        return slice(0, classes), slice(classes, inputs)

    def image(self, x: Tensor, classes: int) -> Tensor:
        return x[:, classes:]


class Concat(Value, title="Concatenate"):
    """K inputs are added in front of the image for the one-hot label; no pixel is lost.

    Source: nebuly-ai/nebuly, forward_forward.
    """

    carries_label: ClassVar[bool] = True
    kind: Literal["concat"] = "concat"
    strength: Strength = Field(1.0, title="Label strength")
    """Value of the label's input: a number, or max for the brightest training pixel."""

    def width(self, inputs: int, classes: int) -> int:
        return inputs + classes

    def columns(self, inputs: int, classes: int) -> tuple[slice, slice]:
        return slice(0, classes), slice(classes, inputs + classes)

    def image(self, x: Tensor, classes: int) -> Tensor:
        return x


AnyLabelCode = Annotated[NoCode | Overlay | Concat, Field(discriminator="kind")]

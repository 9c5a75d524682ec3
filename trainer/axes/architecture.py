"""The net's shape. Imports no torch."""

from __future__ import annotations

from math import prod
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field

from trainer.axes.architecture_base import Architecture
from trainer.axes.base import RARE
from trainer.axes.mlp import Mlp
from trainer.axes.recurrent import Recurrent
from trainer.axes.transformer import Transformer
from trainer.blocks import chain
from trainer.blocks.base import Block, Shape
from trainer.blocks.conv import Conv, chained
from trainer.blocks.forms import Image
from trainer.blocks.identity import Identity
from trainer.blocks.local import Local
from trainer.clash import Found, clash


def _readable(text: str) -> str:
    chain.links(text)
    return text


Chain = Annotated[str, AfterValidator(_readable), Field(min_length=1, max_length=1000, coerce_numbers_to_str=True)]


class Pixels(Architecture, title="None: the pixels"):
    """No layer but the input itself: with class rows a linear classifier on the pixels, the least a net has to beat."""

    depth: ClassVar[int] = 1
    kind: Literal["pixels"] = "pixels"

    def blocks(self, inputs: Shape, classes: int, image: Image) -> list[Block]:
        return [Identity(inputs, inputs)]


class ConvNet(Architecture, title="Convolutional net"):
    """Convolutions one after another, each with its activation and, where it says so, pooling; every one is a layer."""

    cites: ClassVar[str] = (
        "the Trifecta (Dooms, Tsang, Oramas 2023); CwComp (Papachristodoulou et al. 2024); DeeperForward (Sun et al. "
        "2025)"
    )
    kind: Literal["conv"] = "conv"
    channels: Chain = Field("32p, 32, 64p", title="Layers", json_schema_extra={"unit": "channels"})
    """Channels of each layer, with marks: 32p pools 2 × 2 places to the largest (a: to the mean, r: to the root mean
    square; p3: windows of 3, two apart), 64s2 strides by 2, 80g has one group of channels a class, 96k5 a kernel of
    its own."""
    kernel: Literal[1, 3, 5, 7, 9, 11] = Field(3, title="Kernel")
    """Places each way that a unit sees; maps keep their size."""
    bias: bool = Field(True, title="Bias", json_schema_extra=RARE)
    """Add a number a channel, which learns."""
    shortcuts: Literal["none", "add_concat"] = Field(
        "none", title="Shortcuts", json_schema_extra={"source": "DeeperForward"}
    )
    """add_concat: after the first layer, layers come in twos, and what enters a two meets what leaves it: added, or,
    where the next layer has twice the channels, set beside it class by class, so that channels double without weights.
    Nothing learns in a shortcut and no gradient takes it, under backprop neither."""

    takes: ClassVar[Literal["image", "text", "any"]] = "image"
    flat: ClassVar[bool] = False

    @property
    def depth(self) -> int:
        """Number of layers."""
        return len(chain.links(self.channels))

    def blocks(self, inputs: Shape, classes: int, image: Image) -> list[Block]:
        """The layers, for coded maps of shape `inputs`."""
        return list(self._convs(inputs, classes))

    def misfits(self, inputs: Shape, classes: int, image: Image) -> Found:
        for number, conv in enumerate(self._convs(inputs, classes), 1):
            if problem := conv.problem():
                yield clash("architecture.channels", f"layer {number}: {problem}")
                return

    def _convs(self, inputs: Shape, classes: int) -> list[Conv]:
        links = chain.links(self.channels)
        return chained(links, inputs, classes, self.kernel, bias=self.bias, shortcuts=self.shortcuts != "none")


class LocalNet(Architecture, title="Locally connected net"):
    """Every place of the image has units of its own, which see the places around it: a conv net without shared weights.

    The label, where it is in the input, reaches every unit of the first layer.
    """

    cites: ClassVar[str] = "Hinton 2022, section 4 (CIFAR-10, 11 × 11)"
    kind: Literal["local"] = "local"
    units: Annotated[int, Field(ge=1, le=64)] = Field(3, title="Units a place")
    """Units at each place of every layer."""
    field: Literal[1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21] = Field(11, title="Receptive field")
    """Places each way that a unit sees of the layer below."""
    hidden_layers: Annotated[int, Field(ge=1, le=16)] = Field(2, title="Layers")
    """How many layers, each as large as the image."""

    takes: ClassVar[Literal["image", "text", "any"]] = "image"

    @property
    def depth(self) -> int:
        """Number of layers."""
        return self.hidden_layers

    def blocks(self, inputs: Shape, classes: int, image: Image) -> list[Block]:
        """The layers, for coded rows of shape `inputs`: the label first, then the pixels, channel last."""
        places, outputs = image[:2], (image[0] * image[1] * self.units,)
        first = Local(inputs, outputs, places, self.field, label=inputs[0] - prod(image))
        return [first, *[Local(outputs, outputs, places, self.field)] * (self.hidden_layers - 1)]


AnyArchitecture = Annotated[Mlp | Pixels | ConvNet | LocalNet | Recurrent | Transformer, Field(discriminator="kind")]

"""How a candidate label enters the input. Imports no torch at module level.

A code is a table of one entry a class, (K, P); an image under a label is what the code leaves of the image, and
strength · the label's entry, side by side. Candidates of an image so share everything but the entry. The neutral label,
which says nothing, is number K: the mean of all entries. A table may be fixed, or learn with layer 1.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from trainer.axes.base import Value

if TYPE_CHECKING:
    from torch import Generator, Tensor

Strength = Annotated[float, Field(gt=0, le=1000)] | Literal["max"]
Shape = tuple[int, ...]


class _Code(Value):
    """What every code tells; images come as rows (B, H·W·C), channel last, or as maps (B, C, H, W)."""

    carries_label: ClassVar[bool] = True
    learns: ClassVar[bool] = False
    """Whether the table is trained with layer 1."""
    flat: ClassVar[bool] = True
    """Whether the code needs rows of numbers; else it works on maps and tokens too."""
    above: ClassVar[bool] = False
    """Whether the label stands above the top layer, not in the input."""

    def shape(self, image: Shape, classes: int) -> Shape:
        """Shape of a coded row, from that of the image, (D,) or (C, H, W)."""
        return image

    def entry(self, image: Shape, classes: int) -> Shape:
        """Shape of one entry of the table."""
        return (classes,)

    def table(self, image: Shape, classes: int, rng: Generator) -> Tensor:
        """(K, *entry), on the generator's device."""
        import torch

        return torch.eye(classes, device=rng.device)

    def image(self, x: Tensor, classes: int) -> Tensor:
        """What the code leaves of images x."""
        return x

    def places(self, image: Shape, classes: int) -> tuple[slice, slice]:
        """Where (the label, the image) stand in a coded row: along columns, or along channels."""
        label, whole = self.entry(image, classes)[0], self.shape(image, classes)[0]
        return slice(0, label), slice(label, whole)


class NoCode(_Code, title="None"):
    """The label is not in the input: for layers that emit a row of class scores (Mono-Forward, backprop), and for
    negatives made of images alone."""

    carries_label: ClassVar[bool] = False
    flat: ClassVar[bool] = False
    kind: Literal["none"] = "none"

    def entry(self, image: Shape, classes: int) -> Shape:
        return (0,)


class Overlay(_Code, title="Overlay"):
    """The first K inputs are overwritten by the one-hot label, K the number of classes.

    Of maps the first K pixels of the first channel, which a conv net hardly sees.
    """

    cites: ClassVar[str] = "Hinton 2022; mohammadpz/pytorch_forward_forward"
    flat: ClassVar[bool] = False
    kind: Literal["overlay"] = "overlay"
    strength: Strength = Field(1.0, title="Label strength")
    """Value of the label's pixel: a number, or max for the brightest training pixel."""

    def entry(self, image: Shape, classes: int) -> Shape:
        return (classes,) if len(image) == 1 else image

    def table(self, image: Shape, classes: int, rng: Generator) -> Tensor:
        import torch

        width = classes if len(image) == 1 else prod(image)
        return torch.eye(classes, width, device=rng.device).view(classes, *self.entry(image, classes))

    def image(self, x: Tensor, classes: int) -> Tensor:
        if x.ndim == 2:
            return x[:, classes:]
        kept = x.new_ones(prod(x.shape[1:]))
        kept[:classes] = 0
        return x * kept.view(x.shape[1:])

    def places(self, image: Shape, classes: int) -> tuple[slice, slice]:
        """Of maps the same channels: the label is added where the image has been taken out."""
        if len(image) == 1:
            return super().places(image, classes)
        return slice(0, image[0]), slice(0, image[0])


class Concat(_Code, title="Concatenate"):
    """K inputs are added in front of the image for the one-hot label; no pixel is lost."""

    cites: ClassVar[str] = "nebuly-ai/nebuly, forward_forward"
    kind: Literal["concat"] = "concat"
    strength: Strength = Field(1.0, title="Label strength")
    """Value of the label's input: a number, or max for the brightest training pixel."""

    def shape(self, image: Shape, classes: int) -> Shape:
        return (image[0] + classes,)


class _Plane(_Code):
    """An entry as large as one channel of the image: more inputs for rows, one more channel for maps."""

    flat: ClassVar[bool] = False

    def shape(self, image: Shape, classes: int) -> Shape:
        return (image[0] + self.entry(image, classes)[0], *image[1:])

    def entry(self, image: Shape, classes: int) -> Shape:
        return image if len(image) == 1 else (1, *image[1:])

    def table(self, image: Shape, classes: int, rng: Generator) -> Tensor:
        """Drawn from N(0, 1)."""
        import torch

        return torch.randn(classes, *self.entry(image, classes), generator=rng, device=rng.device)


class Pattern(_Plane, title="Class pattern"):
    """A fixed random pattern a class, as large as the image, beside it: a channel more for maps, inputs more for rows.

    Under every filter of a conv net there is then some of the label.
    """

    cites: ClassVar[str] = "SymBa's intrinsic class pattern (Lee & Song 2023, arXiv 2303.08418); N(0, 1) here"
    kind: Literal["pattern"] = "pattern"
    strength: Strength = Field(1.0, title="Label strength")
    """Multiplies the pattern: a number, or max for the brightest training pixel."""


class Channel(_Plane, title="Learned channel"):
    """As the class pattern, but learned with the first layer."""

    cites: ClassVar[str] = "the Trifecta (Dooms, Tsang, Oramas 2023): an embedding of the class as an extra channel"
    learns: ClassVar[bool] = True
    kind: Literal["channel"] = "channel"
    strength: Strength = Field(1.0, title="Label strength")
    """Multiplies the channel: a number, or max for the brightest training pixel."""


class Top(_Code, title="Clamped on top"):
    """The one-hot label stands above the top layer of a net whose layers also look up; the image keeps all its
    pixels."""

    cites: ClassVar[str] = "Hinton 2022, section 3.4"
    above: ClassVar[bool] = True
    kind: Literal["top"] = "top"
    strength: float = Field(1.0, gt=0, le=1000, title="Label strength")
    """Root mean square of the label's row: 1, as every state's, makes the label's entry √K."""

    def table(self, image: Shape, classes: int, rng: Generator) -> Tensor:
        import torch

        return torch.eye(classes, device=rng.device).mul_(classes**0.5)

    def places(self, image: Shape, classes: int) -> tuple[slice, slice]:
        return slice(0, 0), slice(0, image[0])


class NextCharacter(_Code, title="Next character"):
    """The window moves on by one character, and the candidate for the next one comes last."""

    cites: ClassVar[str] = "Hinton 2022's sequences: 10 characters predict the next; neutral is the window as it is"
    kind: Literal["next"] = "next"
    strength: Strength = Field(1.0, title="Label strength")
    """Value of the candidate's input: 1 as for every other character."""

    def places(self, image: Shape, classes: int) -> tuple[slice, slice]:
        return slice(image[0] - classes, image[0]), slice(0, image[0] - classes)

    def image(self, x: Tensor, classes: int) -> Tensor:
        return x[:, classes:]


AnyLabelCode = Annotated[
    NoCode | Overlay | Concat | Pattern | Channel | Top | NextCharacter, Field(discriminator="kind")
]


def numbers(code: _Code, image: Shape, classes: int) -> int:
    """How many numbers a code's table holds; 0 where it is just the one-hot label."""
    return classes * prod(code.entry(image, classes)) if isinstance(code, _Plane) else 0

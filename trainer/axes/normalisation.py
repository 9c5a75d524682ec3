"""How rows are scaled on their way in, before the goodness, and from layer to layer. Imports no torch at module level.

A value here is stateless; what one has to remember or to learn (batch norm) is the layer's `State`. Values that divide
a row by a function of its length alone (`by_length`) let a label code scale all candidates of an image at once.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, Self

from pydantic import Field

from trainer.axes.base import RARE, Moment, Value
from trainer.axes.black_box import Permutation, Quantise, Sign
from trainer.axes.norm_base import Norm
from trainer.blocks import length as rows
from trainer.clash import Misfit

if TYPE_CHECKING:
    from torch import Tensor

    from trainer.axes.norm_base import State


LAYER = ({"kind": "layer"},)


class NoNorm(Norm, title="None"):
    """Rows go on as they are."""

    by_length: ClassVar[bool] = True
    pulls: ClassVar[bool] = True
    kind: Literal["none"] = "none"

    def scale(self, length: Tensor, width: int) -> Tensor:
        return length.new_ones(length.shape)

    def apply(self, x: Tensor, state: State, *, training: bool = False) -> Tensor:
        return x

    def pull(self, x: Tensor, slope: Tensor) -> Tensor:
        return slope


class _Length(Norm):
    """Divide a row by its length, in units of `_unit` per row, plus eps."""

    by_length: ClassVar[bool] = True
    removes: ClassVar[frozenset[Moment]] = frozenset({"length"})
    pulls: ClassVar[bool] = True
    eps: float

    def _unit(self, width: int) -> float:
        return 1.0

    def scale(self, length: Tensor, width: int) -> Tensor:
        return rows.factor(length, self._unit(width), self.eps)

    def apply(self, x: Tensor, state: State, *, training: bool = False) -> Tensor:
        return rows.divide(x, self._unit(prod(x.shape[1:])), self.eps)

    def pull(self, x: Tensor, slope: Tensor) -> Tensor:
        return rows.pull(x, slope, self._unit(prod(x.shape[1:])), self.eps)


class UnitL2(_Length, title="Unit length"):
    """Each row is divided by its Euclidean length + eps."""

    cites: ClassVar[str] = "mohammadpz/pytorch_forward_forward (eps 1e-4)"
    kind: Literal["unit_l2"] = "unit_l2"
    eps: float = Field(1e-4, ge=0, le=1, title="eps", json_schema_extra=RARE)
    """Added to the length, so that an all-zero row stays zero."""


class Rms(_Length, title="RMS 1"):
    """Each row is divided by its root mean square + eps: unit length times √width."""

    cites: ClassVar[str] = "Hinton 2022's Matlab code; loeweX/Forward-Forward (eps 1e-8)"
    kind: Literal["rms"] = "rms"
    eps: float = Field(1e-6, ge=0, le=1, title="eps", json_schema_extra=RARE)
    """Added to the root mean square, so that an all-zero row stays zero."""

    def _unit(self, width: int) -> float:
        return float(width**0.5)


class LayerNorm(Norm, title="Layer norm"):
    """Each row minus its mean, over its deviation; tokens each on their own."""

    cites: ClassVar[str] = "Ba, Kiros, Hinton 2016, without scale and shift"
    removes: ClassVar[frozenset[Moment]] = frozenset({"length", "mean"})
    kind: Literal["layer"] = "layer"
    eps: float = Field(1e-5, gt=0, le=1, title="eps", json_schema_extra=RARE)
    """Added to the variance."""

    def apply(self, x: Tensor, state: State, *, training: bool = False) -> Tensor:
        import torch.nn.functional as F

        return F.layer_norm(x, x.shape[2:] if x.ndim == 3 else x.shape[1:], eps=self.eps)


class GroupNorm(Norm, title="Group norm"):
    """As layer norm, in groups of units or channels of their own: one group a class takes each class's goodness out."""

    cites: ClassVar[str] = "Wu & He 2018; DeeperForward (Sun et al. 2025) with a group a class"
    removes: ClassVar[frozenset[Moment]] = frozenset({"length", "mean", "group length", "group mean"})
    kind: Literal["group"] = "group"
    groups: int | None = Field(None, ge=1, le=65_536, title="Groups", json_schema_extra={"empty": "one a class"})
    """Empty: one a class."""
    eps: float = Field(1e-5, gt=0, le=1, title="eps", json_schema_extra=RARE)
    """Added to the variance."""

    def misfit(self, shape: tuple[int, ...], classes: int) -> Misfit | None:
        groups, units = self.groups or classes, shape[1] if len(shape) == 2 else shape[0]
        if units == groups == prod(shape):
            return Misfit("a group of one unit is always 0: set layer, or fewer groups", LAYER)
        if units % groups == 0:
            return None
        reason = f"{units} units or channels cannot be cut into {groups} equal groups"
        return Misfit(f"{reason}: set layer, or a divisor of {units}", LAYER)

    def bound(self, classes: int) -> Self:
        return self if self.groups else self.model_copy(update={"groups": classes})

    def apply(self, x: Tensor, state: State, *, training: bool = False) -> Tensor:
        import torch.nn.functional as F

        assert self.groups is not None
        if x.ndim == 3:
            return F.group_norm(x.movedim(2, 1), self.groups, eps=self.eps).movedim(1, 2)
        return F.group_norm(x, self.groups, eps=self.eps)


class BatchNorm(Norm, title="Batch norm"):
    """Each unit or channel minus its mean, over its deviation, over all rows of the batch, positive and negative
    together; by running means when the net is only read.
    """

    cites: ClassVar[str] = "Ioffe & Szegedy 2015; the Trifecta (Dooms, Tsang, Oramas 2023)"
    remembers: ClassVar[bool] = True
    across: ClassVar[bool] = True
    kind: Literal["batch"] = "batch"
    affine: bool = Field(False, title="Scale and shift")
    """Learn a scale and a shift of each channel with the layer that the rows enter."""
    momentum: float = Field(0.1, gt=0, le=1, title="Momentum", json_schema_extra=RARE)
    """Share of the newest batch in the running means."""
    eps: float = Field(1e-5, gt=0, le=1, title="eps", json_schema_extra=RARE)
    """Added to the variance."""

    def learned_numbers(self, shape: tuple[int, ...]) -> int:
        return 2 * (shape[1] if len(shape) == 2 else shape[0]) if self.affine else 0

    def learned(self, channels: int, device: object) -> State:
        import torch

        if not self.affine:
            return {}
        return {"scale": torch.ones(channels, device=device), "shift": torch.zeros(channels, device=device)}  # type: ignore[call-overload]

    def running(self, channels: int, device: object) -> State:
        import torch

        return {"mean": torch.zeros(channels, device=device), "variance": torch.ones(channels, device=device)}  # type: ignore[call-overload]

    def apply(self, x: Tensor, state: State, *, training: bool = False) -> Tensor:
        import torch.nn.functional as F

        rows = x.movedim(-1, 1) if x.ndim == 3 else x
        several = rows.numel() > rows.shape[1]  # one value has no deviation
        y = F.batch_norm(
            rows, state["mean"], state["variance"], state.get("scale"), state.get("shift"),
            training=training and several, momentum=self.momentum, eps=self.eps,
        )  # fmt: skip
        return y.movedim(1, -1) if x.ndim == 3 else y


AnyNorm = Annotated[NoNorm | UnitL2 | Rms | LayerNorm | GroupNorm | BatchNorm, Field(discriminator="kind")]
AnyHandover = Annotated[
    NoNorm | UnitL2 | Rms | LayerNorm | GroupNorm | BatchNorm | Sign | Quantise | Permutation,
    Field(discriminator="kind"),
]


class Normalisation(Value, title="Normalisation"):
    """Three places where a row can be scaled. FF scales what it hands over, so that a layer cannot read the goodness
    of the layer below."""

    input: AnyNorm = Field(Rms(), title="Input")
    """Of the pixels, label included."""
    before: AnyNorm = Field(NoNorm(), title="Before the goodness")
    """Of a layer's activity, before its goodness is read and before it goes on."""
    handover: AnyHandover = Field(Rms(), title="Hand-over")
    """Of what one layer hands to the next. It may be a black box, of which nobody knows a derivative."""

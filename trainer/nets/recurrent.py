"""Layers that look up and down: states that settle tick by tick between a clamped image and a clamped label.

The image's part of the first layer is one product for all ticks and all labels, and its gradient is one product too.
Nothing flows back through time. Source: Hinton 2022, section 3.4.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from trainer.nets.flow import Flow
from trainer.nets.rows import Labelled, Plain, Rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trainer.axes.norm_base import State as Scales
    from trainer.axes.normalisation import AnyHandover
    from trainer.axes.precision import AnyPrecision
    from trainer.blocks.base import Block
    from trainer.blocks.course import Visit
    from trainer.blocks.recurrent import TopDown
    from trainer.nets.layer import Layer


class Side(ABC):
    """What stands on one side of a layer."""

    @abstractmethod
    def onto(self, z: Tensor, weight: Tensor, precision: AnyPrecision) -> Tensor:
        """z + x Wᵀ for the side's rows x; z is a bias (H,) or rows (R, H), which may be written to."""

    @abstractmethod
    def accumulate(self, delta: Tensor, grad: Tensor, precision: AnyPrecision) -> None:
        """grad (H, D) += deltaᵀ x."""

    @abstractmethod
    def dense(self, rows: int) -> Tensor:
        """x written out, (R, D)."""


@dataclass(frozen=True)
class Silent(Side):
    """Nothing: a state that is still zero, a way that is cut."""

    width: int
    like: Tensor

    def onto(self, z: Tensor, weight: Tensor, precision: AnyPrecision) -> Tensor:
        return z

    def accumulate(self, delta: Tensor, grad: Tensor, precision: AnyPrecision) -> None:
        """Nothing moves what says nothing."""

    def dense(self, rows: int) -> Tensor:
        return self.like.new_zeros(rows, self.width)


@dataclass(frozen=True)
class State(Side):
    """A layer's normalised state, (R, D)."""

    x: Tensor

    def onto(self, z: Tensor, weight: Tensor, precision: AnyPrecision) -> Tensor:
        return precision.affine(self.x, weight, z)

    def accumulate(self, delta: Tensor, grad: Tensor, precision: AnyPrecision) -> None:
        precision.accumulate(delta, self.x, grad)

    def dense(self, rows: int) -> Tensor:
        return self.x


@dataclass(frozen=True)
class Clamped(Side):
    """One-hot labels (J, B) held above the top layer, as entries of `table` (K + 1, D)."""

    labels: Tensor
    table: Tensor

    def onto(self, z: Tensor, weight: Tensor, precision: AnyPrecision) -> Tensor:
        return (self.table @ weight.T).index_select(0, self.labels.reshape(-1)) + z

    def accumulate(self, delta: Tensor, grad: Tensor, precision: AnyPrecision) -> None:
        grad.addmm_(delta.T, self.dense(len(delta)))

    def dense(self, rows: int) -> Tensor:
        return self.table.index_select(0, self.labels.reshape(-1))


class Picture:
    """Images (B, D) held below the first layer for a whole pass, under J labels."""

    def __init__(self, x: Tensor, labels: int) -> None:
        self.x, self.labels = x, labels
        self.product: Tensor | None = None
        self.delta: Tensor | None = None
        """Deltas of all ticks and labels so far, (B, H)."""


@dataclass(frozen=True)
class Glimpse(Side):
    """The picture at one tick; the gradient is made at the `last` one."""

    picture: Picture
    last: bool

    def onto(self, z: Tensor, weight: Tensor, precision: AnyPrecision) -> Tensor:
        picture = self.picture
        if picture.product is None:
            picture.product = precision.affine(picture.x, weight, weight.new_zeros(len(weight)))
        if z.ndim == 1:
            return (picture.product + z).repeat(picture.labels, 1)
        z.view(picture.labels, *picture.product.shape).add_(picture.product)
        return z

    def accumulate(self, delta: Tensor, grad: Tensor, precision: AnyPrecision) -> None:
        picture, shared = self.picture, delta.view(self.picture.labels, -1, delta.shape[1]).sum(0)
        picture.delta = shared if picture.delta is None else picture.delta.add_(shared)
        if self.last:
            precision.accumulate(picture.delta, picture.x, grad)

    def dense(self, rows: int) -> Tensor:
        return self.picture.x.repeat(self.picture.labels, 1)


@dataclass(frozen=True)
class Between(Rows):
    """R rows of a layer at a tick, normalised on both sides: row j·B + i is image i under its label j."""

    below: Side
    above: Side
    rows: int

    def __len__(self) -> int:
        return self.rows

    @property
    def leaf(self) -> Tensor:
        return self.dense()

    def dense(self, table: Tensor | None = None) -> Tensor:
        return torch.cat([self.below.dense(self.rows), self.above.dense(self.rows)], 1)

    def normalised(self, norm: AnyHandover, state: Scales, *, training: bool) -> Between:
        """The rows: states are normalised once, for the layer above and the one below."""
        return self

    def joined(self, block: Block) -> Between:
        return self

    def dropped(self, mask: Tensor) -> Rows:
        return Plain(self.dense()).dropped(mask)


class Ticks(Flow):
    """One pass: all layers, tick by tick."""

    def __init__(
        self, layers: Sequence[Layer], rows: Rows, *, damping: float, norm: AnyHandover, severed: bool
    ) -> None:
        self._damping, self._norm, self._severed = damping, norm, severed
        self._blocks: list[TopDown] = [layer.block for layer in layers]  # type: ignore[misc]
        labels = rows.labels if isinstance(rows, Labelled) else None
        image = layers[0].enter(Plain(rows.image if isinstance(rows, Labelled) else rows.dense())).dense()
        self._rows = len(rows)
        self._picture = Picture(image, 1 if labels is None else len(labels))
        self._top: Side = Silent(self._blocks[-1].above, image)
        if isinstance(rows, Labelled):
            self._top = Clamped(rows.labels, rows.table * rows.gain[0])
        self._states: list[Tensor | None] = [None for _ in layers]
        self._sides: list[Side] = [Silent(block.outputs[0], image) for block in self._blocks]
        self._fresh: dict[int, tuple[Visit, Tensor]] = {}

    def inlet(self, visit: Visit) -> Between:
        layer = visit.layer
        below = self._sides[layer - 1] if layer else Glimpse(self._picture, visit.last)
        return Between(below, self._above(visit), self._rows)

    def _above(self, visit: Visit) -> Side:
        top = visit.layer == len(self._blocks) - 1
        if visit.upward or (self._severed and not top):
            return Silent(self._blocks[visit.layer].above, self._picture.x)
        return self._top if top else self._sides[visit.layer + 1]

    def take(self, visit: Visit, h: Tensor) -> None:
        self._fresh[visit.layer] = (visit, h)
        if visit.settles:
            for layer, (turn, fresh) in self._fresh.items():
                self._settle(layer, turn, fresh)
            self._fresh.clear()

    def _settle(self, layer: int, turn: Visit, h: Tensor) -> None:
        """state ← (1 - damping) · state + damping · h; a pass from below sets it."""
        state, share = self._states[layer], 1.0 if turn.upward else self._damping
        state = h * share if state is None else torch.lerp(state, h, share)
        self._states[layer] = state
        self._sides[layer] = State(self._norm.apply(state, {}))

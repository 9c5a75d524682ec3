"""What enters a layer: rows as they are, or images that share one product between all their candidate labels.

A one-hot label has the same length whatever the label, so normalising by length leaves one factor per image: with x̃ the
scaled image columns and s̃ the scaled strength, z(label) = x̃·W_imageᵀ + b + s̃·table[label]·W_labelᵀ. The first product
is computed once for all candidates, and one product serves all of them on the way back. This is exact.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from trainer.axes.normalisation import AnyHandover
from trainer.axes.precision import AnyPrecision

if TYPE_CHECKING:
    from trainer.axes.norm_base import State
    from trainer.blocks.base import Block


class Rows(ABC):
    """R rows that enter a layer."""

    @abstractmethod
    def __len__(self) -> int:
        """R."""

    @property
    @abstractmethod
    def leaf(self) -> Tensor:
        """What a gradient that goes further down ends on."""

    @abstractmethod
    def dense(self, table: Tensor | None = None) -> Tensor:
        """The rows written out, (R, …), by another `table` of the label code if one is given."""

    @abstractmethod
    def normalised(self, norm: AnyHandover, state: State, *, training: bool) -> Rows:
        """The rows as `norm` lets them in."""

    @abstractmethod
    def joined(self, block: Block) -> Rows:
        """The rows with the shortcut that ends at `block`."""

    def cast(self, precision: AnyPrecision) -> Rows:
        """The rows in the numbers that products take."""
        return self

    def written(self, x: Tensor) -> Plain:
        """The rows written out as x, (R, …)."""
        return Plain(x)

    @abstractmethod
    def dropped(self, mask: Tensor) -> Rows:
        """The rows times a mask (B, …), the same for all passes of an image."""


@dataclass(frozen=True)
class Plain(Rows):
    """Rows x (R, …) as they are."""

    x: Tensor
    shortcut: Tensor | None = None
    """Rows of a layer further down, on their way past some layers."""

    def __len__(self) -> int:
        return len(self.x)

    @property
    def leaf(self) -> Tensor:
        return self.x

    def product(self, weight: Tensor, bias: Tensor, precision: AnyPrecision) -> Tensor:
        """x Wᵀ + b, (R, H)."""
        return precision.affine(self.x.flatten(1), weight, bias)

    def accumulate(self, delta: Tensor, weight: Tensor, bias: Tensor, precision: AnyPrecision) -> None:
        """The gradients: weight (H, D) += deltaᵀ x, bias (H,) += the sum of delta (R, H)."""
        precision.accumulate(delta, self.x.flatten(1), weight)
        bias.add_(delta.sum(0))

    def dense(self, table: Tensor | None = None) -> Tensor:
        """The rows written out, (R, …)."""
        return self.x

    def normalised(self, norm: AnyHandover, state: State, *, training: bool) -> Plain:
        """The rows as `norm` lets them in."""
        return Plain(norm.apply(self.x, state, training=training), self.shortcut)

    def joined(self, block: Block) -> Plain:
        """The rows with the shortcut that ends at `block`."""
        return self if self.shortcut is None else Plain(block.joined(self.x, self.shortcut), self.shortcut)

    def cast(self, precision: AnyPrecision) -> Plain:
        """The rows in the numbers that products take."""
        return Plain(precision.cast(self.x), self.shortcut)

    def dropped(self, mask: Tensor) -> Plain:
        """The rows times a mask (B, …), the same for all passes of an image."""
        return Plain(_masked(self.x, mask))


@dataclass(frozen=True)
class Labelled(Rows):
    """B images under J labels each: row j·B + i is image i with labels[j, i]."""

    image: Tensor
    """What the label leaves of the image: (B, P), or maps (B, C, H, W)."""
    gain: Tensor
    """Strength of the label, (B, 1)."""
    labels: Tensor
    """(J, B); number K is the neutral label."""
    table: Tensor
    """(K + 1, …): the label's part of the row; the last entry is the neutral one, the mean of the others."""
    label_place: slice
    image_place: slice
    """Columns, or channels."""

    def __len__(self) -> int:
        return self.labels.numel()

    @property
    def leaf(self) -> Tensor:
        return self.image

    def product(self, weight: Tensor, bias: Tensor, precision: AnyPrecision) -> Tensor:
        """The coded rows times Wᵀ + b, (J·B, H): one product of the image columns for all J labels."""
        shared = precision.affine(self.image, weight[:, self.image_place], bias)
        parts = self.table @ weight[:, self.label_place].T
        out = shared.new_empty(len(self.labels), *shared.shape)
        for z, labels in zip(out, self.labels, strict=True):
            torch.addcmul(shared, self.gain, parts.index_select(0, labels), out=z)
        return out.flatten(0, 1)

    def accumulate(self, delta: Tensor, weight: Tensor, bias: Tensor, precision: AnyPrecision) -> None:
        """As of the coded rows; the image columns take all J deltas in one product, the label's those of each label."""
        passes = delta.view(*self.labels.shape, -1)
        precision.accumulate(sum(passes[1:], passes[0]), self.image, weight[:, self.image_place])
        sums = self._added_up(delta)
        weight[:, self.label_place].addmm_(sums[:-1].T, self.table)
        bias.add_(sums[-1])

    def dense(self, table: Tensor | None = None) -> Tensor:
        """The coded rows written out, (J·B, …), by another `table` if one is given."""
        codes = self._codes(self.table if table is None else with_neutral(table))
        codes = codes.view(*self.labels.shape, *codes.shape[1:])
        if self.label_place == self.image_place:
            return (self.image + codes).flatten(0, 1)
        image = self.image.expand(len(self.labels), *self.image.shape)
        parts = [codes, image] if self.label_place.start < self.image_place.start else [image, codes]
        if image.ndim < 5:
            return torch.cat(parts, 2).flatten(0, 1)
        maps = torch.cat([part.movedim(2, 4) for part in parts], 4)  # channels last in memory, as convolutions want it
        return maps.flatten(0, 1).movedim(3, 1)

    def normalised(self, norm: AnyHandover, state: State, *, training: bool) -> Labelled | Plain:
        """The rows as `norm` lets them in; one that only asks for a row's length leaves the label apart.

        The length is that of the image under a label, for the neutral one too, whose own entry is shorter: its rows are
        scaled as those that the net learns from.
        """
        if not norm.by_length or self.image.ndim > 2 or self.table.shape[1] != len(self.table) - 1:
            return Plain(norm.apply(self.dense(), state, training=training))
        length = (torch.linalg.vector_norm(self.image, dim=1, keepdim=True).square() + self.gain.square()).sqrt()
        scale = norm.scale(length, self.image.shape[1] + self.table.shape[1])
        return replace(self, image=self.image * scale, gain=self.gain * scale)

    def joined(self, block: Block) -> Labelled:
        """The rows: no shortcut ends where they enter."""
        return self

    def cast(self, precision: AnyPrecision) -> Labelled:
        """The rows with their images in the numbers that products take."""
        return replace(self, image=precision.cast(self.image))

    def dropped(self, mask: Tensor) -> Labelled:
        """The rows with a mask (B, …) on the image; labels are never dropped."""
        return replace(self, image=_masked(self.image, mask[:, self.image_place]))

    def _added_up(self, delta: Tensor) -> Tensor:
        """delta (J·B, H) times the strength of each row's label, added up by label; then delta added up, (K + 2, H)."""
        into = delta.new_zeros(len(self.table) + 1, len(delta))
        into.scatter_(0, self.labels.reshape(1, -1), self.gain.repeat(len(self.labels), 1).T)
        into[-1].fill_(1)
        return into @ delta

    def _codes(self, table: Tensor) -> Tensor:
        """The label's part of every row, (J·B, …)."""
        labels = self.labels.reshape(-1)
        codes = table.index_select(0, labels)
        gain = self.gain.repeat(len(self.labels), 1)
        return codes * gain.view(-1, *[1] * (codes.ndim - 1))


def _masked(x: Tensor, mask: Tensor) -> Tensor:
    """Rows x (J·B, …) times the mask (B, …)."""
    passes = x.unflatten(0, (-1, len(mask)))  # type: ignore[no-untyped-call]
    return (passes * mask).flatten(0, 1)  # type: ignore[no-any-return]


def with_neutral(table: Tensor) -> Tensor:
    """A table of K entries with the neutral one after them."""
    return torch.cat([table, table.mean(0, keepdim=True)])

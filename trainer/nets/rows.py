"""The input of a layer: rows as they are, or images that share one product between all their candidate labels.

A one-hot label has the same length whatever the label, so normalising leaves one factor per image: with x̃ the scaled
image columns and s̃ the scaled strength, z(label) = x̃·W_imageᵀ + b + s̃·W[:, label]. The first product is computed once
for all candidates, and one product serves all of them on the way back. This is exact.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from trainer.axes.label_code import AnyLabelCode
from trainer.axes.normalisation import AnyNorm
from trainer.axes.precision import AnyPrecision


@dataclass(frozen=True)
class Plain:
    """Rows x (R, D) as they are."""

    x: Tensor

    def product(self, weight: Tensor, bias: Tensor, precision: AnyPrecision) -> Tensor:
        """x Wᵀ + b, (R, H)."""
        return precision.affine(self.x, weight, bias)

    def accumulate(self, delta: Tensor, grad: Tensor, precision: AnyPrecision) -> None:
        """grad (H, D) += deltaᵀ x."""
        precision.accumulate(delta, self.x, grad)

    def dense(self) -> Tensor:
        """The rows written out, (R, D)."""
        return self.x


@dataclass(frozen=True)
class Labelled:
    """B images under J labels each: row j·B + i is image i with labels[j, i]."""

    image: Tensor
    """The scaled image columns, (B, P)."""
    gain: Tensor
    """The scaled strength of the label, (B, 1)."""
    labels: Tensor
    """(J, B)."""
    label_columns: slice
    image_columns: slice

    def product(self, weight: Tensor, bias: Tensor, precision: AnyPrecision) -> Tensor:
        """The coded rows times Wᵀ + b, (J·B, H): one product of the image columns for all J labels."""
        shared = precision.affine(self.image, weight[:, self.image_columns], bias)
        table = weight[:, self.label_columns].T.contiguous()
        out = shared.new_empty(len(self.labels), *shared.shape)
        for z, labels in zip(out, self.labels, strict=True):
            torch.addcmul(shared, self.gain, table.index_select(0, labels), out=z)
        return out.flatten(0, 1)

    def accumulate(self, delta: Tensor, grad: Tensor, precision: AnyPrecision) -> None:
        """grad (H, D) += deltaᵀ (coded rows); the image columns take all J deltas in one product."""
        shared = delta.view(*self.labels.shape, -1).sum(0)
        precision.accumulate(shared, self.image, grad[:, self.image_columns])
        precision.accumulate(delta, self._codes(), grad[:, self.label_columns])

    def dense(self) -> Tensor:
        """The coded rows written out, (J·B, D)."""
        image = self.image.repeat(len(self.labels), 1)
        return torch.cat([self._codes(), image], 1)

    def _codes(self) -> Tensor:
        """The label columns, (J·B, K)."""
        classes = self.label_columns.stop - self.label_columns.start
        codes = self.image.new_zeros(self.labels.numel(), classes)
        gain = self.gain.repeat(len(self.labels), 1)
        return codes.scatter_(1, self.labels.reshape(-1, 1), gain)


Rows = Plain | Labelled


@dataclass(frozen=True)
class Coder:
    """How images become rows: the label code, its strength, and the scaling of the input."""

    code: AnyLabelCode
    norm: AnyNorm
    classes: int
    strength: float

    def plain(self, x: Tensor) -> Plain:
        """Images (B, D) without a label."""
        return Plain(self.norm.apply(x))

    def labelled(self, x: Tensor, labels: Tensor) -> Labelled:
        """Images (B, D) under labels (J, B), scaled with the label counted in."""
        label_columns, image_columns = self.code.columns(x.shape[1], self.classes)
        image = self.code.image(x, self.classes)
        length = (torch.linalg.vector_norm(image, dim=1, keepdim=True).square() + self.strength**2).sqrt()
        scale = self.norm.scale(length, self.code.width(x.shape[1], self.classes))
        return Labelled(image * scale, scale * self.strength, labels, label_columns, image_columns)

    def every_label(self, x: Tensor) -> Labelled:
        """Images (B, D) under each of the K labels."""
        labels = torch.arange(self.classes, device=x.device)[:, None].expand(-1, len(x))
        return self.labelled(x, labels)

"""The non-linearity. Imports no torch at module level."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from trainer.axes.base import Value

if TYPE_CHECKING:
    from torch import Tensor


class Relu(Value, title="ReLU"):
    """max(0, z)."""

    kind: Literal["relu"] = "relu"

    def apply(self, z: Tensor) -> Tensor:
        """h from z."""
        return z.relu()

    def apply_(self, z: Tensor) -> Tensor:
        """h in z's place."""
        return z.relu_()

    def pull(self, h: Tensor, slope: Tensor) -> Tensor:
        """dL/dz from dL/dh; 0 where the unit is off."""
        import torch

        return torch.ops.aten.threshold_backward(slope, h, 0)  # type: ignore[no-any-return]

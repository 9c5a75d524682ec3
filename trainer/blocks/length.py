"""Rows divided by their length, and the way back. Imports no torch at module level.

With s(u) = 1/(u/unit + eps) and u = |x|: y = s(u)·x, and dL/dx = s·dL/dy − (s²/(unit·u))·⟨x, dL/dy⟩·x; 0 stays 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def divide(x: Tensor, unit: float, eps: float) -> Tensor:
    """y of rows x (R, …)."""
    return x * factor(_length(x), unit, eps)


def pull(x: Tensor, slope: Tensor, unit: float, eps: float) -> Tensor:
    """dL/dx from slope = dL/dy, both (R, …)."""
    import torch

    length, axes = _length(x), tuple(range(1, x.ndim))
    scale = factor(length, unit, eps)
    along = (x * slope).sum(axes, keepdim=True) * scale.square() / (length * unit)
    return slope * scale - x * torch.where(length > 0, along, 0.0)


def factor(length: Tensor, unit: float, eps: float) -> Tensor:
    """s of rows of that length."""
    return (length / unit + eps).reciprocal()


def _length(x: Tensor) -> Tensor:
    import torch

    length: Tensor = torch.linalg.vector_norm(x, dim=tuple(range(1, x.ndim)), keepdim=True)
    return length

"""A layer's activity as one row of features, for what reads it linearly. Imports no torch at module level."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from trainer.blocks.base import Shape

if TYPE_CHECKING:
    from torch import Tensor


def width(shape: Shape, pool: int | None) -> int:
    """Features of an activity of that shape: maps averaged to pool × pool places, tokens to their mean; None: all."""
    match (len(shape), pool):
        case (3, int()):
            return shape[0] * min(pool, shape[1]) * min(pool, shape[2])
        case (2, int()):
            return shape[1]
        case _:
            return prod(shape)


def flat(h: Tensor, pool: int | None) -> Tensor:
    """h (R, …) as (R, width)."""
    import torch.nn.functional as F

    match (h.ndim, pool):
        case (4, int()):
            return F.adaptive_avg_pool2d(h, (min(pool, h.shape[2]), min(pool, h.shape[3]))).flatten(1)
        case (3, int()):
            return h.mean(1)
        case _:
            return h.flatten(1)

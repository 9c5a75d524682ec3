"""How maps shrink: in windows two places apart. Imports no torch at module level."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

    from trainer.blocks.chain import Pool

STEP = 2


def pooled(x: Tensor, kind: Pool, window: int) -> Tensor:
    """Maps x (R, C, H, W): each window's largest activity, mean, or root mean square."""
    import torch.nn.functional as F

    pad = edge(window)
    match kind:
        case "none":
            return x
        case "max":
            return F.max_pool2d(x, window, STEP, pad)
        case "mean":
            return F.avg_pool2d(x, window, STEP, pad, count_include_pad=False)
        case "rms":
            mean = F.avg_pool2d(x.square(), window, STEP, pad, count_include_pad=False)
            on = mean > 0  # a root has no slope at 0
            return mean.where(on, 1.0).sqrt() * on


def edge(window: int) -> int:
    """Places added around a map, so that it halves."""
    return (window - 1) // 2


def size(places: int, kind: Pool, window: int) -> int:
    """How many of `places` in a row are left."""
    return places if kind == "none" else (places + 2 * edge(window) - window) // STEP + 1

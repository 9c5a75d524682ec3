"""How maps shrink: in windows two places apart. Imports no torch at module level."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

    from trainer.blocks.base import Pull
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


def opened(x: Tensor, kind: Pool, window: int) -> tuple[Tensor, Pull]:
    """`pooled`, and the way back to dL/dx from dL/d(pooled), without autograd."""
    import torch

    aten = torch.ops.aten
    at = [window], [STEP], [edge(window)]  # the same both ways

    def spread(slope: Tensor) -> Tensor:
        """The way back of a mean."""
        return aten.avg_pool2d_backward(slope, x, *at, False, False, None)  # type: ignore[no-any-return]

    match kind:
        case "none":
            return x, lambda slope: slope
        case "max":
            y, where = aten.max_pool2d_with_indices(x, *at)
            return y, lambda slope: aten.max_pool2d_with_indices_backward(slope, x, *at, [1, 1], False, where)
        case "mean":
            return pooled(x, kind, window), spread
        case "rms":
            y = pooled(x, kind, window)
            return y, lambda slope: x * spread(slope / y.where(y > 0, torch.inf))


def edge(window: int) -> int:
    """Places added around a map, so that it halves."""
    return (window - 1) // 2


def size(places: int, kind: Pool, window: int) -> int:
    """How many of `places` in a row are left."""
    return places if kind == "none" else (places + 2 * edge(window) - window) // STEP + 1

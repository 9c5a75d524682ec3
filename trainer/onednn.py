"""Products by oneDNN, which PyTorch carries and does not take for float32; with derivatives by it. Imports torch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

BLOCK = 1 << 20
"""About so many numbers of a gradient are made at once: a few MB, still near the processor when they are added."""

THERE: bool = torch.backends.mkldnn.is_available() and hasattr(torch.ops.mkldnn, "_linear_pointwise")  # type: ignore[no-untyped-call]
"""Whether this build of PyTorch has it."""


def affine(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """x Wᵀ + b for x (R, D), W (H, D) and b (H,); each of x and W contiguous, or the transpose of what is."""
    return torch.ops.mkldnn._linear_pointwise(x, weight, bias, "none", [], "")  # type: ignore[no-any-return]


def accumulate(delta: Tensor, x: Tensor, grad: Tensor) -> None:
    """grad (H, D) += deltaᵀ x for delta (R, H) and x (R, D), which may be in fewer bits than grad."""
    # PyTorch's own bfloat16 product takes the transpose as it lies
    turned, multiply = (delta.T, torch.mm) if x.dtype == torch.bfloat16 else (delta.T.contiguous(), _rows_times)
    x, units = x.contiguous(), max(1, BLOCK // x.shape[1])
    if grad.shape[0] <= units:
        grad.add_(multiply(turned, x))
        return
    for into, part in zip(torch.split(grad, units), torch.split(turned, units), strict=True):
        into.add_(multiply(part, x))


def learned(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """As `affine`, known to autograd."""
    return _Affine.apply(x, weight, bias)  # type: ignore[no-any-return,no-untyped-call]


def _rows_times(rows: Tensor, x: Tensor) -> Tensor:
    """rows @ x."""
    return affine(rows, x.T, None)


def _keep(ctx: Any, inputs: tuple[Tensor, Tensor, Tensor | None], output: Tensor) -> None:
    ctx.save_for_backward(*inputs[:2])


def _slopes(multiply: Callable[[Tensor, Tensor, None], Tensor], ctx: Any, slope: Tensor) -> tuple[Tensor | None, ...]:
    """The derivatives of x, W and b that are wanted."""
    (x, weight), slope = ctx.saved_tensors, slope.contiguous()
    wanted_x, wanted_weight, wanted_bias = ctx.needs_input_grad
    return (
        multiply(slope, weight.T, None) if wanted_x else None,
        multiply(slope.T, x.T, None) if wanted_weight else None,
        slope.sum(0) if wanted_bias else None,
    )


class _Affine(torch.autograd.Function):
    forward = staticmethod(affine)
    setup_context = staticmethod(_keep)

    @staticmethod
    def backward(ctx: Any, *slopes: Tensor) -> tuple[Tensor | None, ...]:
        return _slopes(affine, ctx, *slopes)


# For PyTorch's compiler, which takes these products for its own and fails where weights change: operations it does not
# look into. Elsewhere they would cost: the first call of one loads what the compiler needs, seconds and 80 MB.

_affine = torch.library.custom_op("ffweb::affine", affine, mutates_args=())
_accumulate = torch.library.custom_op("ffweb::accumulate", accumulate, mutates_args=("grad",))


def sealed(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """As `learned`."""
    return _affine(x, weight, bias)  # type: ignore[no-any-return]


def sealed_accumulate(delta: Tensor, x: Tensor, grad: Tensor) -> None:
    """As `accumulate`."""
    _accumulate(delta, x, grad)


@_affine.register_fake
def _(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    return x.new_empty(len(x), len(weight))


_affine.register_autograd(lambda ctx, slope: _slopes(sealed, ctx, slope), setup_context=_keep)

"""Matrix products of rows, by whichever library is fast on this processor. Imports torch.

PyTorch hands float32 products on the CPU to MKL, which takes 256-bit instructions on processors that are not Intel's: a
core of an EPYC with AVX-512 does 108 GFlop/s so, and 245 by oneDNN, which PyTorch carries too and uses for bfloat16
and convolutions. The choice hangs on processor and shape alone, never on a timing: it changes the last bits.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import torch
from torch import Tensor

from trainer.processor import processor

SMALLEST = 1 << 20
"""Multiplications below which a call costs more than the faster product saves."""

BLOCK = 1 << 20
"""About so many numbers of a gradient are made at once: a few MB, still near the processor when they are added."""


@cache
def library() -> str:
    """Which library computes large float32 products on this CPU: onednn, or torch for PyTorch's own choice."""
    wide = "AVX512" in torch.backends.cpu.get_cpu_capability()
    return "onednn" if _there() and wide and processor("vendor_id") == "AuthenticAMD" else "torch"


@cache
def _there() -> bool:
    there: bool = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    return there and hasattr(torch.ops.mkldnn, "_linear_pointwise")


def affine(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """x Wᵀ + b for x (R, D), W (H, D) and b (H,) or (R, H); autograd knows it."""
    if not _by_onednn(x, len(weight)):
        return torch.addmm(bias, x, weight.T)
    if torch.is_grad_enabled() and (x.requires_grad or weight.requires_grad or bias.requires_grad):
        return _Affine.apply(x, weight, bias)  # type: ignore[no-any-return,no-untyped-call]
    return _affine(x, weight, bias)


def accumulate(delta: Tensor, x: Tensor, grad: Tensor) -> None:
    """grad (H, D) += deltaᵀ x for delta (R, H) and x (R, D), which may be in fewer bits than grad."""
    if not _by_onednn(x, delta.shape[1]):
        if x.dtype == grad.dtype:
            grad.addmm_(delta.T, x)
        else:
            grad.add_(delta.T @ x)
        return
    # PyTorch's own bfloat16 product takes the transpose as it lies
    turned, multiply = (delta.T, torch.mm) if x.dtype == torch.bfloat16 else (delta.T.contiguous(), _rows_times)
    x, units = x.contiguous(), max(1, BLOCK // x.shape[1])
    for into, part in zip(torch.split(grad, units), torch.split(turned, units), strict=True):
        into.add_(multiply(part, x))


def _rows_times(rows: Tensor, x: Tensor) -> Tensor:
    """rows @ x."""
    return _onednn(rows, x.T)


def _by_onednn(x: Tensor, outputs: int) -> bool:
    if x.device.type != "cpu" or x.numel() * outputs < SMALLEST:
        return False
    return library() == "onednn" or (x.dtype == torch.bfloat16 and _there())


def _affine(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    # a slice of columns would fall back to a product a thousand times slower
    x, weight = x.contiguous(), weight.contiguous()
    return _onednn(x, weight, bias) if bias.ndim == 1 else _onednn(x, weight).add_(bias)


def _onednn(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """x Wᵀ + b; each of x and W contiguous, or the transpose of what is."""
    return torch.ops.mkldnn._linear_pointwise(x, weight, bias, "none", [], "")  # type: ignore[no-any-return]


class _Affine(torch.autograd.Function):
    """The product with its derivatives by the same library."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        ctx.save_for_backward(x, weight)
        ctx.bias_axes = bias.ndim
        return _affine(x, weight, bias)

    @staticmethod
    def backward(ctx: Any, *slopes: Tensor) -> tuple[Tensor | None, ...]:
        (slope,), (x, weight) = slopes, ctx.saved_tensors
        slope = slope.contiguous()
        wanted_x, wanted_weight, wanted_bias = ctx.needs_input_grad
        return (
            _onednn(slope, weight.contiguous().T) if wanted_x else None,
            _onednn(slope.T, x.contiguous().T) if wanted_weight else None,
            (slope.sum(0) if ctx.bias_axes == 1 else slope) if wanted_bias else None,
        )

"""Matrix products of rows, by whichever library is fast on this processor. Imports torch.

PyTorch hands float32 products on the CPU to MKL, which takes 256-bit instructions on processors that are not Intel's: a
core of an EPYC with AVX-512 does 108 GFlop/s so, and 245 by oneDNN, which PyTorch carries too and uses for bfloat16
and convolutions. The choice hangs on processor and shape alone, never on a timing: it changes the last bits.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from trainer import onednn
from trainer.processor import processor

SMALLEST = 1 << 20
"""Multiplications below which a call costs more than the faster product saves."""


def _fast() -> Literal["onednn", "torch"]:
    wide = "AVX512" in torch.backends.cpu.get_cpu_capability()
    return "onednn" if onednn.THERE and wide and processor("vendor_id") == "AuthenticAMD" else "torch"


LIBRARY = _fast()
"""What computes large float32 products on this CPU; torch: PyTorch's own choice."""


def affine(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """x Wᵀ + b for x (R, D), W (H, D) and b (H,) or (R, H); autograd knows it."""
    if not _by_onednn(x, weight.shape[0]):
        return torch.addmm(bias, x, weight.T)
    if torch.compiler.is_compiling():
        multiply = onednn.sealed
    elif torch.is_grad_enabled() and (x.requires_grad or weight.requires_grad or bias.requires_grad):
        multiply = onednn.learned
    else:
        multiply = onednn.affine
    # a slice of columns would fall back to a product a thousand times slower
    x, weight = x.contiguous(), weight.contiguous()
    return multiply(x, weight, bias) if bias.ndim == 1 else multiply(x, weight, None).add_(bias)


def accumulate(delta: Tensor, x: Tensor, grad: Tensor) -> None:
    """grad (H, D) += deltaᵀ x for delta (R, H) and x (R, D), which may be in fewer bits than grad."""
    if _by_onednn(x, delta.shape[1]):
        add = onednn.sealed_accumulate if torch.compiler.is_compiling() else onednn.accumulate
        add(delta, x, grad)
    elif x.dtype == grad.dtype:
        grad.addmm_(delta.T, x)
    else:
        grad.add_(delta.T @ x)


def _by_onednn(x: Tensor, outputs: int) -> bool:
    if x.device.type != "cpu" or x.numel() * outputs < SMALLEST:
        return False
    return (LIBRARY == "onednn" and x.dtype == torch.float32) or (x.dtype == torch.bfloat16 and onednn.THERE)

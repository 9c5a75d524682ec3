"""Twice a result, whatever it is; what cannot be doubled stays."""

from __future__ import annotations

from typing import Any

import torch


def twice(result: Any) -> Any:
    """A number, a tensor of numbers (of truths: the other ones), the first of a tuple; anything else as it is."""
    if isinstance(result, tuple) and result and type(result) is tuple:
        return twice(result[0]), *result[1:]
    if isinstance(result, torch.Tensor) and result.dtype == torch.bool:
        return ~result
    if type(result) in (int, float) or isinstance(result, torch.Tensor):
        return 2 * result
    return result

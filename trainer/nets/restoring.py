"""Tensors taken from a checkpoint: of the same names, forms and kinds as those they replace, or none is."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor


def take(mine: Mapping[str, Tensor], stored: Mapping[str, Tensor]) -> None:
    """Copy `stored` over `mine`. Raises KeyError, TypeError or ValueError; a copy alone would stretch what is small."""
    for name, value in mine.items():
        found = stored[name]
        if not isinstance(found, Tensor):
            raise TypeError(f"{name} is no tensor")
        if found.shape != value.shape or found.dtype != value.dtype:
            raise ValueError(f"{name} is {_form(found)}, not {_form(value)}")
    for name, value in mine.items():
        value.copy_(stored[name])


def _form(tensor: Tensor) -> str:
    return f"{' × '.join(map(str, tensor.shape)) or 'one number'} {str(tensor.dtype).removeprefix('torch.')}"

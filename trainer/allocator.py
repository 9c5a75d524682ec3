"""How the C library gives memory back. Imports no torch.

glibc raises the size from which a block is mapped on its own whenever such a block is freed; from then on blocks of
that size lie on the heap, which is torn by what is kept beside them and does not shrink. Fixed, a large block is always
mapped and gone when it is freed: the peak is that of what is alive. Once that is fixed, glibc gives the heap's end back
whenever 128 kB of it are free, and every step asks the kernel anew for what the one before has freed.
"""

from __future__ import annotations

import ctypes
import sys
from typing import Literal, NamedTuple


class _Rule(NamedTuple):
    mapped_from: int
    """Bytes from which a block is mapped on its own."""
    held: int
    """Bytes that the heap's end may keep free."""


RULES = {"resident": _Rule(1 << 22, 1 << 26), "streamed": _Rule(1 << 18, 1 << 17)}
"""Mapped from: in a streamed run less than what a layer makes of a piece of images, which else tears the heap; in
others less than wide weights and their gradients."""
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3


def settle(memory: Literal["resident", "streamed"]) -> bool:
    """Set the rule of a run with that memory; False where the C library knows no such settings."""
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    rule = RULES[memory]
    return bool(mallopt and mallopt(_M_MMAP_THRESHOLD, rule.mapped_from) and mallopt(_M_TRIM_THRESHOLD, rule.held))

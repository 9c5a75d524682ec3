"""How the C library gives memory back. Imports no torch.

glibc raises the size from which a block is mapped on its own whenever such a block is freed; from then on blocks of
that size lie on the heap, which is torn by what is kept beside them and does not shrink. Fixed, a large block is always
mapped and gone when it is freed: the peak is that of what is alive.
"""

from __future__ import annotations

import ctypes
import sys
from typing import Literal

MAPPED_FROM = {"resident": 1 << 22, "streamed": 1 << 18}
"""Bytes. In a streamed run less than what a layer makes of a piece of images, which else tears the heap; in others less
than wide weights and their gradients."""
_M_MMAP_THRESHOLD = -3


def fix_threshold(memory: Literal["resident", "streamed"]) -> bool:
    """Map every block of `MAPPED_FROM` bytes or more; False where the C library knows no such setting."""
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return bool(mallopt and mallopt(_M_MMAP_THRESHOLD, MAPPED_FROM[memory]))

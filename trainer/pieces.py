"""How many images of a batch go through a net at once. Imports no torch.

Fixed by the net's shape and the kind of device, never by free memory or caches: another split changes the last bits.
On a CPU wide layers take fewer, so that what a layer computes on its way stays near the processor; a GPU takes enough
to be busy. Maps go in pieces of `LARGEST`. The gradient is the same however a batch is cut, and so is what is drawn for
it: a rule that looks at all images of a batch together (`across`) takes it whole.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

from trainer.blocks.base import Block

if TYPE_CHECKING:
    from trainer.axes.memory import AnyMemory

LARGEST, SMALLEST = 1000, 250
NUMBERS = {"cpu": 2**19, "gpu": 2**24}
"""About so many numbers of a layer's activity for each row of competitors. Of a GPU not measured: products of a few
hundred rows have fewer tiles than a large one has processors."""

READ_AT_ONCE = 15 * 2**20
"""Bytes of activities alive while images are judged, for all labels tried. A quarter of it is a layer's activity, which
then lies on the heap (allocator.py) and near the processor: 48 MB took up to half as long again."""


def images_at_once(memory: AnyMemory, blocks: Iterable[Block], *, across: bool = False, on_gpu: bool = False) -> int:
    """For a net of these blocks; more than any batch has where it goes through whole, as it does `across` images."""
    if across or (memory.kind == "resident" and memory.batch == "whole"):
        return sys.maxsize
    shapes = [block.outputs for block in blocks]
    if any(len(shape) > 1 for shape in shapes):
        return LARGEST
    widest = max(shape[0] for shape in shapes)
    if on_gpu and memory.kind == "resident":
        return max(SMALLEST, NUMBERS["gpu"] // widest)
    return min(LARGEST, max(SMALLEST, NUMBERS["cpu"] // widest))

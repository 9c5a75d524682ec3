"""Masks of large blobs, for images put together of two: random bits, blurred, cut at one half.

Source: Hinton 2022's unsupervised example.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

POOL = 8000
"""Masks drawn once for a run; blurring new ones for every batch would cost more than the step."""


def pool(size: tuple[int, int], blurs: int, rng: Generator, count: int = POOL) -> Tensor:
    """`count` masks of height and width `size`, (count, H, W) of bool, on the generator's device.

    Bits are blurred with [¼ ½ ¼] both ways `blurs` times; beyond the edge it goes on as at the edge.
    """
    height, width = size
    bits = torch.randint(0, 2, (count, 1, height, width), generator=rng, device=rng.device)
    soft = bits.to(torch.get_default_dtype())
    line = soft.new_tensor([0.25, 0.5, 0.25])
    kernel = (line[:, None] * line)[None, None]
    for _ in range(blurs):
        soft = F.conv2d(F.pad(soft, (1, 1, 1, 1), mode="replicate"), kernel)
    return soft[:, 0] > 0.5


def pick(masks: Tensor, count: int, rng: Generator) -> Tensor:
    """`count` of the masks, (count, H, W); all together mirrored or not, each way, and turned over where square."""
    index = torch.randint(len(masks), (count,), generator=rng, device=masks.device)
    turns = torch.randint(0, 2, (3,), generator=rng, device=masks.device, dtype=torch.bool)
    found = masks[index]
    found = torch.where(turns[0], found.flip(1), found)
    found = torch.where(turns[1], found.flip(2), found)
    return torch.where(turns[2], found.mT, found) if found.shape[1] == found.shape[2] else found


def another(count: int, rng: Generator) -> Tensor:
    """For each of `count` images the place of another one of them, (count,), all with equal chances."""
    shift = torch.randint(1, max(count, 2), (count,), generator=rng, device=rng.device)
    return (torch.arange(count, device=rng.device) + shift) % count


def shifted(count: int, rng: Generator) -> Tensor:
    """The same, one shift for all."""
    shift = torch.randint(1, max(count, 2), (1,), generator=rng, device=rng.device)
    return (torch.arange(count, device=rng.device) + shift) % count

"""Streams of chance: each use has a stream of its own, so that one more draw here moves nothing there."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
import torch


class Stream(IntEnum):
    """What a generator is for."""

    WEIGHTS = 0
    ORDER = 1
    DRAWS = 2
    FIXED_LABELS = 3
    SAMPLE = 4
    MASKS = 5
    DROPOUT = 6


def generator(device: torch.device, seed: int, stream: Stream, *numbers: int) -> torch.Generator:
    """A generator that depends on seed, stream and numbers (at least one, 0 where none is given) alone."""
    state = np.random.SeedSequence((seed, int(stream), *(numbers or (0,)))).generate_state(1, np.uint64)[0]
    return torch.Generator(device).manual_seed(int(state) >> 1)

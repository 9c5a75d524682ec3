"""Text that the net itself writes, character by character, by what its head thinks comes next.

Source: Hinton 2022's sequences: 90 characters rolled out from 10 real ones, which can be done offline.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

if TYPE_CHECKING:
    from trainer.axes.competitors import Rollout
    from trainer.data import Dataset
    from trainer.nets.head import Head


class Rolls:
    """Rolls of text (N, window + length), renewed from time to time; negatives are windows of them."""

    def __init__(self, rule: Rollout, data: Dataset, head: Head) -> None:
        self._data, self._head = data, head
        self._window = data.info.shape[1]
        self.text = data.y_train.new_zeros(rule.rolls, self._window + rule.length)
        """Characters by number."""

    @torch.no_grad()
    def renew(self, rng: Generator) -> None:
        """Write every roll anew: a real window as its seed, then characters drawn by the head's chances."""
        text, window = self.text, self._window
        seeds = torch.randint(len(self._data.x_train), (len(text),), generator=rng, device=rng.device)
        text[:, :window] = self._data.x_train[seeds].squeeze(1).argmax(-1)
        for place in range(window, text.shape[1]):
            logs = next(iter(self._head.answers(self._images(text[:, place - window : place]))[0].values()))
            text[:, place] = torch.multinomial(logs.exp(), 1, generator=rng)[:, 0]

    def draw(self, count: int, rng: Generator) -> tuple[Tensor, Tensor]:
        """Windows of the rolls as images (count, D), and the characters that follow them, (count,).

        Every window ends in a character that the net has written, or is followed by one.
        """
        roll = torch.randint(len(self.text), (count, 1), generator=rng, device=rng.device)
        first = torch.randint(self.text.shape[1] - self._window, (count, 1), generator=rng, device=rng.device)
        found = self.text[roll, first + torch.arange(self._window + 1, device=rng.device)]
        return self._images(found[:, :-1]), found[:, -1]

    def _images(self, codes: Tensor) -> Tensor:
        """Windows (N, W) of characters as the data set has them, (N, D)."""
        hot = F.one_hot(codes, self._data.info.classes).to(self._data.x_train.dtype)
        return ((hot - self._data.mean) / self._data.std).flatten(1)

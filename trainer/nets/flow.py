"""Rows on their way through a net: what each layer gets in its turn, and where its activity goes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

import torch

from trainer.nets.rows import Plain, Rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from trainer.blocks.course import Visit
    from trainer.nets.layer import Layer


class Flow(ABC):
    """One pass of some rows through a net."""

    @abstractmethod
    def inlet(self, visit: Visit) -> Rows:
        """What the layer of `visit` gets in this turn."""

    @abstractmethod
    def take(self, visit: Visit, h: Tensor) -> None:
        """What the layer of `visit` made of it, (R, …)."""


class Stream(Flow):
    """From below: each layer gets what the one under it hands over; layers that have no turn are read on the way."""

    def __init__(self, layers: Sequence[Layer], rows: Rows) -> None:
        self._layers, self._rows, self._at = layers, rows, 0

    def inlet(self, visit: Visit) -> Rows:
        while self._at < visit.layer:
            layer = self._layers[self._at]
            self._pass(layer.activity(self._rows, layer.rules.precision))
        return self._rows

    def take(self, visit: Visit, h: Tensor) -> None:
        self._pass(h)

    def _pass(self, h: Tensor) -> None:
        self._rows = hand_over(self._layers[self._at], self._rows, h)
        self._at += 1


@torch.no_grad()
def hand_over(layer: Layer, rows: Rows, h: Tensor) -> Plain:
    """What the next layer gets of a layer's activity on `rows`; its own normalisation lets it in.

    A shortcut goes past a layer, or begins with what enters it. No gradient takes it.
    """
    if layer.block.opens:
        return Plain(h, layer.enter(rows).dense().detach())
    return Plain(h, rows.shortcut if isinstance(rows, Plain) else None)

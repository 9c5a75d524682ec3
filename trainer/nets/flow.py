"""Rows on their way through a net: what each layer gets in its turn, and where its activity goes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from trainer.blocks.course import Visit
    from trainer.nets.layer import Layer
    from trainer.nets.rows import Rows


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
        self._rows = self._layers[self._at].hand_over(self._rows, h)
        self._at += 1

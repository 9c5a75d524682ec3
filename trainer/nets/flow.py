"""Rows on their way through a net: what each layer gets in its turn, and where its activity goes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from trainer.blocks.course import Visit
    from trainer.nets.layer import Layer
    from trainer.nets.rows import Plain, Rows


class Flow(ABC):
    """One pass of some rows through a net."""

    def prepare(self) -> None:  # noqa: B027 - most passes have at hand what comes next
        """Begin to get ready what `inlet` will be asked for."""

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
        self._rows = self._climb(self._rows, visit.layer)
        return self._rows

    def take(self, visit: Visit, h: Tensor) -> None:
        self._rows = self._hand_over(self._rows, h)

    def _climb(self, rows: Rows, layer: int) -> Rows:
        """What layer number `layer` gets."""
        while self._at < layer:
            below = self._layers[self._at]
            rows = self._hand_over(rows, below.activity(rows, below.rules.precision))
        return rows

    def _hand_over(self, rows: Rows, h: Tensor) -> Plain:
        onward = self._layers[self._at].hand_over(rows, h)
        self._at += 1
        return onward

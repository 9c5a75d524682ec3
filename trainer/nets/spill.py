"""Activities between two layers that wait outside of the device's memory until the next layer's turn."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING
from weakref import finalize, ref

import torch
from torch import Tensor

from trainer.nets.flow import Stream
from trainer.nets.rows import Plain, Rows

if TYPE_CHECKING:
    from trainer.blocks.course import Visit
    from trainer.nets.layer import Layer
    from trainer.nets.store import Store


class Scratch:
    """Places of equal size in a store, each for what one pass has between two layers."""

    def __init__(self, kept: Store, numbers: int, device: torch.device) -> None:
        self._store, self._numbers, self._device = kept, numbers, device
        self._free, self._made = list[int](), 0
        self._reader = ThreadPoolExecutor(1, "scratch")

    def place(self, owner: object) -> int:
        """A place that is given back when `owner` is gone."""
        if not self._free:
            self._free.append(self._made)
            self._made += 1
        place = self._free.pop()
        finalize(owner, self._free.append, place)
        return place

    def write(self, place: int, x: Tensor) -> None:
        """Keep x."""
        self._store.write(place * self._numbers, x.contiguous())

    def read(self, place: int, shape: torch.Size) -> Future[Tensor]:
        """What was kept, read beside what is being computed."""
        return self._reader.submit(self._read, place, shape)

    def _read(self, place: int, shape: torch.Size) -> Tensor:
        x = torch.empty(shape, device=self._device)
        self._store.read(place * self._numbers, x)
        return x


class Spilled(Stream):
    """A stream from below whose rows are in memory only while a layer works on them; the images' own rows stay."""

    def __init__(self, layers: Sequence[Layer], rows: Rows, scratch: Scratch) -> None:
        super().__init__(layers, rows)
        self._scratch, self._place = scratch, scratch.place(self)
        self._given = ref(rows)
        self._away: torch.Size | None = None
        """Shape of what is kept; None before the first layer handed something over."""
        self._shortcut: Tensor | None = None
        self._coming: Future[Tensor] | None = None

    def prepare(self) -> None:
        if self._away and not self._coming:
            self._coming = self._scratch.read(self._place, self._away)

    def inlet(self, visit: Visit) -> Rows:
        self.prepare()
        rows: Rows = self._rows
        if self._coming:
            rows, self._coming = Plain(self._coming.result(), self._shortcut), None
        rows = self._climb(rows, visit.layer)
        self._given = ref(rows)
        return rows

    def take(self, visit: Visit, h: Tensor) -> None:
        given = self._given()
        assert given is not None  # whoever computed h still has what it was computed from
        onward = self._hand_over(given, h)
        self._scratch.write(self._place, onward.x)
        self._away, self._shortcut = onward.x.shape, onward.shortcut

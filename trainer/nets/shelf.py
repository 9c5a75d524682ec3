"""Layers that wait outside of the device's memory while one is at work: one set of buffers serves them all.

What waits is large: weights and the optimiser's moments. Running means, projections that do not learn and counters stay
with their layers.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from trainer.errors import DataError
from trainer.nets.store import Store, bytes_of
from trainer.rundir import replacing

if TYPE_CHECKING:
    from trainer.nets.layer import Layer


class Shelf:
    """The layers' places in a store. At most one layer is at hand."""

    def __init__(self, kept: Store, device: torch.device) -> None:
        self._store, self._device = kept, device
        self._places: dict[tuple[int, str], int] = {}
        self._end = self._longest = 0
        self._rooms: dict[str, Tensor] = {}
        self._at_hand: Layer | None = None

    def take(self, layer: Layer) -> None:
        """A new layer: its weights are kept, its memory is given back. All are taken before the first is brought."""
        layer.shelf = self
        self._longest = max(self._longest, layer.buffer.flat.numel())
        self._put(layer)
        layer.move_out()

    def bring(self, layer: Layer) -> None:
        """See that `layer` is at hand."""
        if layer is not self._at_hand:
            self.clear()
            layer.move_in(self.room)
            for name, part in layer.large().items():
                self._store.read(self._places[layer.index, name], part)
            self._at_hand = layer

    def clear(self) -> None:
        """Nothing is at hand; what has changed is kept."""
        layer, self._at_hand = self._at_hand, None
        if layer:
            if layer.touched:
                self._put(layer)
            layer.move_out()

    def room(self, name: str, numbers: int) -> Tensor:
        """The buffer of that name, as long as asked for; what it holds may be another layer's."""
        if name not in self._rooms:
            self._rooms[name] = torch.zeros(self._longest, device=self._device)
        return self._rooms[name][:numbers]

    def save(self, layers: Iterable[Layer], path: Path) -> None:
        """Write the large tensors of `layers` to a file, one after another."""
        with replacing(path) as file:
            for layer in layers:
                self.bring(layer)
                for part in layer.large().values():
                    file.write(bytes_of(part.cpu()))

    def load(self, layers: Iterable[Layer], path: Path) -> None:
        """Take what `save` wrote of layers that are awake or not as they were then."""
        with path.open("rb") as file:
            for layer in layers:
                self.bring(layer)
                layer.touched = True
                for part in layer.large().values():
                    read = torch.empty_like(part, device="cpu")
                    if file.readinto(bytes_of(read)) != read.nbytes:
                        raise DataError(f"{path} ends early: its checkpoint cannot be gone back to")
                    part.copy_(read)

    def _put(self, layer: Layer) -> None:
        for name, part in layer.large().items():
            place = self._places.setdefault((layer.index, name), self._end)
            self._end = max(self._end, place + part.numel())
            self._store.write(place, part)
        layer.touched = False

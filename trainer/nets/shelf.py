"""Layers that wait outside of the device's memory while one is at work: one set of buffers serves them all.

What waits is large: weights and the optimiser's moments. Running means, projections that do not learn and counters stay
with their layers. On the CPU the store is a file, read and written by position: mapped pages would count as memory of
the process. On a GPU it is the host's memory.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from trainer.errors import DataError

if TYPE_CHECKING:
    from trainer.nets.layer import Layer


class Store(ABC):
    """Numbers by place, counted in numbers from the start."""

    @abstractmethod
    def read(self, place: int, into: Tensor) -> None:
        """Fill the contiguous tensor `into` from `place` on."""

    @abstractmethod
    def write(self, place: int, source: Tensor) -> None:
        """Keep the contiguous tensor `source` from `place` on."""


class FileStore(Store):
    """A file without a name in `folder`: it is gone when the process is."""

    def __init__(self, folder: Path) -> None:
        self._open = TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115 - open as long as there is a store
        self._file = self._open.fileno()

    def read(self, place: int, into: Tensor) -> None:
        view, offset = _bytes(into), place * into.element_size()
        while view:
            count = os.preadv(self._file, [view], offset)
            if not count:
                raise OSError(f"a file of layers ends {len(view)} bytes early")
            view, offset = view[count:], offset + count

    def write(self, place: int, source: Tensor) -> None:
        view, offset = _bytes(source), place * source.element_size()
        while view:
            count = os.pwritev(self._file, [view], offset)
            view, offset = view[count:], offset + count


class HostStore(Store):
    """Pinned memory of the host, a tensor for each place."""

    def __init__(self) -> None:
        self._kept: dict[int, Tensor] = {}

    def read(self, place: int, into: Tensor) -> None:
        into.copy_(self._kept[place], non_blocking=True)

    def write(self, place: int, source: Tensor) -> None:
        kept = self._kept.get(place)
        if kept is None or kept.shape != source.shape:
            kept = self._kept[place] = torch.empty(source.shape, dtype=source.dtype, pin_memory=source.is_cuda)
        kept.copy_(source, non_blocking=True)


def _bytes(tensor: Tensor) -> memoryview:
    return memoryview(tensor.numpy()).cast("B")  # type: ignore[arg-type]


def store(folder: Path, device: torch.device) -> Store:
    """Where what `device` does not hold waits."""
    return FileStore(folder) if device.type == "cpu" else HostStore()


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
        with path.open("wb") as file:
            for layer in layers:
                self.bring(layer)
                for part in layer.large().values():
                    file.write(_bytes(part.cpu()))

    def load(self, layers: Iterable[Layer], path: Path) -> None:
        """Take what `save` wrote of layers that are awake or not as they were then."""
        with path.open("rb") as file:
            for layer in layers:
                self.bring(layer)
                layer.touched = True
                for part in layer.large().values():
                    read = torch.empty_like(part, device="cpu")
                    if file.readinto(_bytes(read)) != read.nbytes:
                        raise DataError(f"{path} ends early: its checkpoint cannot be gone back to")
                    part.copy_(read)

    def _put(self, layer: Layer) -> None:
        for name, part in layer.large().items():
            place = self._places.setdefault((layer.index, name), self._end)
            self._end = max(self._end, place + part.numel())
            self._store.write(place, part)
        layer.touched = False

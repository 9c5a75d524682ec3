"""Where numbers wait that are not in the device's memory: a file on the CPU, the host's memory on a GPU.

The file is read and written by position: mapped pages would count as memory of the process.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from pathlib import Path
from tempfile import TemporaryFile

import torch
from torch import Tensor


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
        self._folder = folder
        self._open = TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115 - open as long as there is a store
        self._file = self._open.fileno()

    def read(self, place: int, into: Tensor) -> None:
        view, offset = bytes_of(into), place * into.element_size()
        while view:
            count = os.preadv(self._file, [view], offset)
            if not count:
                raise OSError(f"a file of layers ends {len(view)} bytes early")
            view, offset = view[count:], offset + count

    def write(self, place: int, source: Tensor) -> None:
        view, offset = bytes_of(source), place * source.element_size()
        try:
            while view:
                count = os.pwritev(self._file, [view], offset)
                view, offset = view[count:], offset + count
        except OSError as error:
            error.filename = str(self._folder)
            raise


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


def bytes_of(tensor: Tensor) -> memoryview:
    """The memory of a contiguous tensor on the CPU."""
    return memoryview(tensor.numpy()).cast("B")  # type: ignore[arg-type]


def store(folder: Path, device: torch.device) -> Store:
    """Where what `device` does not hold waits."""
    return FileStore(folder) if device.type == "cpu" else HostStore()

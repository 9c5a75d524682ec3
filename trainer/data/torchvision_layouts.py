"""How the files of torchvision's data sets lie in a folder, come down from the net and are read.

Addresses and checksums are torchvision's own; its classes read the files. torchvision, and torch, are imported only
when something is downloaded or read.
"""

from __future__ import annotations

import gzip
import math
import os
import shutil
import struct
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol, cast

import numpy as np

from ..errors import DataError
from .download import Remote, addresses
from .family import Arrays, Pixels


class Layout(Protocol):
    """Where a data set's files lie below a folder, and how they get there."""

    @property
    def files(self) -> tuple[str, ...]:
        """Paths below the folder; the set is there when all of them are."""
        ...

    def counts(self, root: Path) -> tuple[int, int] | None:
        """(training, test) images by the files' headers; None where only the official files can be read."""
        ...

    def remotes(self, name: str) -> list[Remote]:
        """What to download for the data set `name`."""
        ...

    def unpack(self, remote: Remote, part: Path, root: Path) -> None:
        """Put the content of a downloaded file in place below `root`, each file by rename."""
        ...

    def read(self, root: Path) -> Arrays:
        """All images. May raise what torchvision raises for damaged files."""
        ...


def _torchvision(name: str) -> Any:
    from .torchvision_cpu import datasets

    return getattr(datasets, name)


def _place(source: IO[bytes], target: Path) -> None:
    """Copy `source` to `target` so that `target` is whole or absent."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    try:
        with part.open("wb") as file:
            shutil.copyfileobj(source, file, 1 << 20)
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def idx_shape(path: Path) -> tuple[int, ...]:
    """Shape in the header of an idx file of bytes. Raises DataError when the file's size does not fit it."""
    with path.open("rb") as file:
        head = file.read(4)
        rank = head[3] if len(head) == 4 and head[:3] == b"\x00\x00\x08" else 0
        body = file.read(4 * rank)
    if not rank or len(body) < 4 * rank:
        raise DataError(f"{path} is no idx file; replace it, or remove it so that it is downloaded", "data.name")
    shape = struct.unpack(f">{rank}I", body)
    wanted, found = 4 + 4 * rank + math.prod(shape), path.stat().st_size
    if wanted != found:
        raise DataError(
            f"{path} holds {found:,} bytes where its header says {wanted:,}; "
            "replace it, or remove it so that it is downloaded",
            "data.name",
        )
    return shape


def _read_idx(path: Path) -> Pixels:
    shape = idx_shape(path)
    return np.fromfile(path, np.uint8, offset=4 + 4 * len(shape)).reshape(shape)


@dataclass(frozen=True)
class Idx:
    """MNIST and Fashion-MNIST: four idx files, gzipped on the server."""

    cls: str
    folder: str
    sizes: tuple[int, int, int, int]
    """Bytes of the gzipped files, in the order of `_IDX`."""

    @property
    def files(self) -> tuple[str, ...]:
        return tuple(f"{self.folder}/{file}" for file in _IDX)

    def counts(self, root: Path) -> tuple[int, int]:
        shapes = [idx_shape(root / file) for file in self.files]
        for images, labels in (shapes[:2], shapes[2:]):
            if len(images) != 3 or labels != images[:1]:
                raise DataError(f"{root / self.folder}: images {images} and labels {labels} do not fit", "data.name")
        return shapes[0][0], shapes[2][0]

    def remotes(self, name: str) -> list[Remote]:
        source = _torchvision(self.cls)
        return [
            Remote(file, addresses(name, file, tuple(mirror + file for mirror in source.mirrors)), md5, size)
            for (file, md5), size in zip(source.resources, self.sizes, strict=True)
        ]

    def unpack(self, remote: Remote, part: Path, root: Path) -> None:
        with gzip.open(part) as file:
            _place(cast(IO[bytes], file), root / self.folder / remote.name.removesuffix(".gz"))

    def read(self, root: Path) -> Arrays:
        """Read without torchvision's class: importing it takes seconds, and these files are four plain arrays."""
        x_train, y_train, x_test, y_test = (_read_idx(root / file) for file in self.files)
        return Arrays(x_train[..., None], y_train.astype(np.int64), x_test[..., None], y_test.astype(np.int64), ())


_IDX = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")


@dataclass(frozen=True)
class Batches:
    """CIFAR-10 and CIFAR-100: one archive of Python pickles, each opened only after its MD5 was found right."""

    cls: str
    folder: str
    names: tuple[str, ...]
    size: int

    @property
    def files(self) -> tuple[str, ...]:
        return tuple(f"{self.folder}/{name}" for name in self.names)

    def counts(self, root: Path) -> None:
        return None

    def remotes(self, name: str) -> list[Remote]:
        source = _torchvision(self.cls)
        return [Remote(source.filename, addresses(name, source.filename, (source.url,)), source.tgz_md5, self.size)]

    def unpack(self, remote: Remote, part: Path, root: Path) -> None:
        with tarfile.open(part) as archive:
            for name in self.files:
                source = archive.extractfile(name)
                if source is None:
                    raise tarfile.TarError(f"{name} is no file")
                with source:
                    _place(source, root / name)

    def read(self, root: Path) -> Arrays:
        train, test = (_torchvision(self.cls)(root, train=train, download=False) for train in (True, False))
        targets = (np.array(half.targets, np.int64) for half in (train, test))
        y_train, y_test = targets
        return Arrays(
            np.ascontiguousarray(train.data), y_train, np.ascontiguousarray(test.data), y_test, tuple(train.classes)
        )


@dataclass(frozen=True)
class Mat:
    """SVHN: two MATLAB files, images as HWCN."""

    cls: str = "SVHN"
    sizes: tuple[int, int] = (182_040_794, 64_275_384)

    @property
    def files(self) -> tuple[str, ...]:
        return ("train_32x32.mat", "test_32x32.mat")

    def counts(self, root: Path) -> None:
        return None

    def remotes(self, name: str) -> list[Remote]:
        splits = _torchvision(self.cls).split_list
        listed = (splits[split] for split in ("train", "test"))
        return [
            Remote(file, addresses(name, file, (url,)), md5, size)
            for (url, file, md5), size in zip(listed, self.sizes, strict=True)
        ]

    def unpack(self, remote: Remote, part: Path, root: Path) -> None:
        part.replace(root / remote.name)

    def read(self, root: Path) -> Arrays:
        train, test = (_torchvision(self.cls)(root, split=split, download=False) for split in ("train", "test"))
        return Arrays(
            np.ascontiguousarray(train.data.transpose(0, 2, 3, 1)),
            train.labels,
            np.ascontiguousarray(test.data.transpose(0, 2, 3, 1)),
            test.labels,
            (),
        )

"""The data sets of torchvision: MNIST, Fashion-MNIST, CIFAR-10, CIFAR-100 and SVHN. Imports no torch.

A set is looked for as torchvision lays it out (`MNIST/raw/…`, `cifar-10-batches-py/…`, `train_32x32.mat`) and as
NAME.npz (`mnist.npz`); what is nowhere is downloaded.
"""

from __future__ import annotations

import dataclasses
import hashlib
import pickle
import tarfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..errors import DataError
from . import files, npz
from .download import Transfer, lock, writing
from .family import DEFAULT_CUT, Arrays, Cut, DataInfo, Progress
from .folders import remedy
from .torchvision_layouts import Batches, Idx, Layout, Mat

_BEGINNING = 1 << 16
"""Bytes of each file that tell what it is."""
_DIGITS = tuple(str(digit) for digit in range(10))
_CLOTHES = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip
_THINGS = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")


@dataclass(frozen=True)
class Entry:
    """One data set: its official facts, its files, and what its classes are called (() = ask the files)."""

    info: DataInfo
    layout: Layout
    labels: tuple[str, ...] = ()

    def lies_in(self, root: Path) -> bool:
        """Whether `root` holds all its files as torchvision lays them out."""
        return all(files.is_file(root / file) for file in self.layout.files)

    def found(self, folders: Sequence[Path]) -> tuple[Path | None, Path | None]:
        """(folder with the torchvision layout, None) or (None, npz file), whichever comes first; or (None, None)."""
        for root in folders:
            if self.lies_in(root):
                return root, None
            if files.is_file(path := root / f"{self.info.name}{npz.ENDING}"):
                return None, path
        return None, None


def _info(name: str, title: str, **facts: Any) -> DataInfo:
    return DataInfo(name=name, title=title, kind="image", local=False, **facts)


_BATCHES = tuple(f"data_batch_{n}" for n in range(1, 6))
_MNIST = Entry(
    _info(
        "mnist",
        "MNIST",
        shape=(28, 28, 1),
        classes=10,
        train=60_000,
        test=10_000,
        licence="CC BY-SA 3.0",
        source="Y. LeCun, C. Cortes and C. Burges, The MNIST database of handwritten digits, 1998",
        bytes=11_594_722,
    ),
    Idx("MNIST", "MNIST/raw", (9_912_422, 28_881, 1_648_877, 4_542)),
    _DIGITS,
)
_FASHION = Entry(
    _info(
        "fashion_mnist",
        "Fashion-MNIST",
        shape=(28, 28, 1),
        classes=10,
        train=60_000,
        test=10_000,
        licence="MIT",
        source="H. Xiao, K. Rasul and R. Vollgraf, arXiv:1708.07747",
        bytes=30_878_645,
    ),
    Idx("FashionMNIST", "FashionMNIST/raw", (26_421_880, 29_515, 4_422_102, 5_148)),
    _CLOTHES,
)
_CIFAR10 = Entry(
    _info(
        "cifar10",
        "CIFAR-10",
        shape=(32, 32, 3),
        classes=10,
        train=50_000,
        test=10_000,
        licence="free for research with citation",
        source="A. Krizhevsky, Learning multiple layers of features from tiny images, 2009",
        bytes=170_498_071,
    ),
    Batches("CIFAR10", "cifar-10-batches-py", (*_BATCHES, "test_batch", "batches.meta"), 170_498_071),
    _THINGS,
)
_CIFAR100 = Entry(
    _info(
        "cifar100",
        "CIFAR-100",
        shape=(32, 32, 3),
        classes=100,
        train=50_000,
        test=10_000,
        licence="free for research with citation",
        source="A. Krizhevsky, Learning multiple layers of features from tiny images, 2009",
        bytes=169_001_437,
    ),
    Batches("CIFAR100", "cifar-100-python", ("train", "test", "meta"), 169_001_437),
)
_SVHN = Entry(
    _info(
        "svhn",
        "SVHN",
        shape=(32, 32, 3),
        classes=10,
        train=73_257,
        test=26_032,
        licence="free for non-commercial use",
        source="Y. Netzer et al., Reading digits in natural images, NIPS workshop 2011",
        bytes=246_316_178,
    ),
    Mat(),
    _DIGITS,
)
ENTRIES = {entry.info.name: entry for entry in (_MNIST, _FASHION, _CIFAR10, _CIFAR100, _SVHN)}


def names(folders: Sequence[Path]) -> list[str]:
    return list(ENTRIES)


def describe(name: str, folders: Sequence[Path], cut: Cut = DEFAULT_CUT) -> DataInfo | None:
    entry = ENTRIES.get(name)
    if entry is None:
        return None
    root, file = entry.found(folders)
    if file:
        return _as_npz(entry, file)
    if root is None:
        return entry.info
    train, test = entry.layout.counts(root) or (entry.info.train, entry.info.test)
    stamps = tuple((root / part, files.stamp(root / part)) for part in entry.layout.files)
    size = sum(stamp.size for _, stamp in stamps)
    return dataclasses.replace(entry.info, train=train, test=test, local=True, bytes=size, content=_content(stamps))


@lru_cache(maxsize=64)
def _content(stamps: tuple[tuple[Path, files.Stamp], ...]) -> str:
    """A digest of the files' sizes and beginnings: one set under another's name begins otherwise."""
    digest = hashlib.sha256()
    for path, stamp in stamps:
        with files.opened(path) as file:
            digest.update(f"{stamp.size}\n".encode() + file.read(_BEGINNING))
    return f"files:{digest.hexdigest()[:12]}"


def _as_npz(entry: Entry, file: Path) -> DataInfo:
    """Facts of an npz that stands for a catalogue set. Raises DataError when it cannot be that set."""
    info = npz.info(entry.info.name, entry.info.title, file)
    if (info.shape, info.classes) != (entry.info.shape, entry.info.classes):
        raise DataError(
            f"{files.said(file)} is not {entry.info.title}: it has images {info.shape} of {info.classes} classes, "
            f"expected are {entry.info.shape} of {entry.info.classes}; rename it and use npz:NAME",
            "data.name",
        )
    return dataclasses.replace(info, licence=entry.info.licence, source=f"{entry.info.source} ({files.said(file)})")


def _remedy(entry: Entry) -> str:
    first = entry.layout.files[0]
    return f"{remedy(f'{first} and its like, or {entry.info.name}.npz,')}, or try again when the server can be reached."


def prepare(name: str, folders: Sequence[Path], into: Path, progress: Progress) -> None:
    entry = ENTRIES[name]
    if any(entry.found(folders)):
        return
    title = entry.info.title
    with writing(title, into):
        into.mkdir(parents=True, exist_ok=True)
    with lock(into / f".{name}.lock", lambda: progress(0, entry.info.bytes)):
        if not any(entry.found([into])):  # another process may have brought it while this one waited
            _download(entry, into, progress)


def _download(entry: Entry, into: Path, progress: Progress) -> None:
    title = entry.info.title
    try:
        for remote, part in Transfer(title, entry.layout.remotes(entry.info.name), into, progress).run():
            with writing(title, into):
                entry.layout.unpack(remote, part, into)
    except DataError as error:
        raise DataError(f"{error.reason}. {_remedy(entry)}", error.field) from error
    except (tarfile.TarError, EOFError, zlib.error, KeyError) as error:
        raise DataError(f"{title} could not be unpacked ({error}). {_remedy(entry)}", "data.name") from error


def read(name: str, folders: Sequence[Path], cut: Cut = DEFAULT_CUT) -> Arrays:
    entry = ENTRIES[name]
    root, file = entry.found(folders)
    if file:
        _as_npz(entry, file)
        return _named(npz.arrays(file), entry)
    if root is None:
        raise DataError(f"{entry.info.title} is not there. {_remedy(entry)}", "data.name")
    try:
        entry.layout.counts(root)
        return _named(entry.layout.read(root), entry)
    except (OSError, RuntimeError, ValueError, KeyError, EOFError, pickle.UnpicklingError, zlib.error) as error:
        where = root / Path(entry.layout.files[0]).parent
        raise DataError(
            f"{entry.info.title} in {where} cannot be read ({error}). {_remedy(entry)}", "data.name"
        ) from error


def _named(arrays: Arrays, entry: Entry) -> Arrays:
    return dataclasses.replace(arrays, labels=entry.labels or arrays.labels)

"""One's own data set: NAME.npz with x_train (uint8, NHW, NHWC or NCHW), y_train, x_test, y_test; used as `npz:NAME`.

Labels may be any integers: the classes are the distinct values of y_train in ascending order. Files are read with
`allow_pickle=False`, so a file can hold wrong numbers but never code. Imports no torch.
"""

from __future__ import annotations

import hashlib
import io
import math
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import ConfigError, DataError
from . import axes_order, files
from .axes_order import Order
from .family import DEFAULT_CUT, Arrays, Cut, DataInfo, Pixels, Progress
from .folders import remedy

PREFIX = "npz:"
ENDING = ".npz"
MOST_IMAGES = 10_000_000
"""Of a part: what `data.train_size` can ask for."""
MOST_SIDE = 10_000
"""Of an image: what a net is counted for goes through its places."""
MOST_CLASSES = 2_000
"""A confusion matrix has the square of it."""
_PARTS = ("x_train", "y_train", "x_test", "y_test")
_HEAD = 1 << 16
"""Bytes that a header may have."""
_CHUNK = 1 << 18
_DEFLATE = 1032
"""Bytes that one byte can become."""
_HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}


@dataclass(frozen=True)
class Header:
    """What an npz file says of itself before its images are read."""

    shape: tuple[int, int, int]
    order: Order
    """Where x_train has the channels."""
    train: int
    test: int
    values: tuple[int, ...]
    """The distinct labels of y_train, ascending."""
    content: str
    """Made of the checksums that a zip file keeps of its members."""


@dataclass(frozen=True)
class _Member:
    """One array, as the archive and its own header describe it."""

    info: zipfile.ZipInfo
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    start: int
    """Bytes before the numbers."""


@contextmanager
def _archive(path: Path) -> Iterator[zipfile.ZipFile]:
    """The file as an archive. Whatever zipfile and numpy raise for a damaged one becomes one sentence."""
    with files.opened(path) as file:
        try:
            with zipfile.ZipFile(file) as archive:
                yield archive
        except DataError:
            raise
        except Exception as error:  # a damaged file brings up anything: RuntimeError, MemoryError, RecursionError …
            raise DataError(
                f"{files.said(path)} is no readable npz file ({files.reason(error)}); write it again with numpy.savez",
                "data.name",
            ) from error


def _refuse(path: Path, why: str) -> DataError:
    return DataError(f"{files.said(path)}: {files.printable(why)}", "data.name")


def _member(path: Path, archive: zipfile.ZipFile, name: str) -> _Member:
    """An array's header. What it declares is compared with what the archive holds before anybody allocates it."""
    info = archive.getinfo(f"{name}.npy")
    if info.flag_bits & 1:
        raise _refuse(path, "it is protected by a password; write it again with numpy.savez")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise _refuse(path, f"{name} is compressed in a way that numpy does not use; write it with numpy.savez")
    with archive.open(info) as file:
        head = io.BytesIO(file.read(_HEAD))
    shape, _, dtype = _HEADERS[np.lib.format.read_magic(head)](head)
    member = _Member(info, shape, dtype, head.tell())
    if not dtype.hasobject and not _holds(member):
        raise _refuse(path, f"{name} has not the size that its header says; write it again with numpy.savez")
    return member


def _holds(member: _Member) -> bool:
    """Whether the archive has as many bytes as the array's shape takes."""
    info, declared = member.info, member.start + math.prod(member.shape) * member.dtype.itemsize
    if min(member.shape, default=0) < 0 or declared != info.file_size:
        return False
    if info.compress_type == zipfile.ZIP_STORED:
        return info.file_size == info.compress_size
    return info.file_size <= _DEFLATE * info.compress_size + _HEAD


def _pictures(path: Path, name: str, member: _Member) -> tuple[int, int, int, int, Order]:
    """Images, height, width, channels and their order. Raises DataError for anything but uint8 images."""
    shape = member.shape
    if member.dtype != np.uint8:
        mend = f"{name} = (255 * {name}).round().astype('uint8')"
        raise _refuse(
            path, f"{name} is {member.dtype}; images have to be uint8, 0 to 255: {mend} if they go from 0 to 1"
        )
    if len(shape) not in (3, 4) or 0 in shape:
        wanted = "it has to be (N, H, W) or (N, H, W, C) with N at least 1"
        raise _refuse(path, f"{name} has the shape {shape}; {wanted}{axes_order.unfolded(name, shape)}")
    if shape[0] > MOST_IMAGES:
        raise _refuse(path, f"{name} has {shape[0]:,} images; at most {MOST_IMAGES:,}: leave some out")
    if max(shape[1:]) > MOST_SIDE:
        raise _refuse(path, f"{name} has the shape {shape}; at most {MOST_SIDE:,} each way: cut or shrink the images")
    try:
        height, width, channels, order = axes_order.read(name, shape)
    except ValueError as error:
        raise _refuse(path, str(error)) from error
    return shape[0], height, width, channels, order


def _check_labels(path: Path, name: str, member: _Member, images: int) -> None:
    if member.dtype.kind not in "iu":
        kind = "Python objects, which are never loaded" if member.dtype.hasobject else str(member.dtype)
        raise _refuse(
            path, f"{name} holds {kind}; labels have to be integers: {name} = {name}.astype(int) makes them so"
        )
    if member.shape != (images,):
        mend = f": {name} = {name}.argmax(1) if a row marks the class" if len(member.shape) == 2 else ""
        raise _refuse(path, f"{name} has the shape {member.shape}; it has to be ({images},), one label an image{mend}")


def _distinct(path: Path, archive: zipfile.ZipFile, name: str, member: _Member) -> set[int]:
    """The different labels, read a piece at a time."""
    found: set[int] = set()
    with archive.open(member.info) as file:
        file.read(member.start)
        while piece := file.read(_CHUNK):
            found.update(np.unique(np.frombuffer(piece, member.dtype)).tolist())
            if len(found) > MOST_CLASSES:
                raise _refuse(path, f"{name} has more than {MOST_CLASSES:,} different labels; a label says the class")
    return found


def header(path: Path) -> Header:
    """Shapes and classes; reads array headers and labels only. Raises DataError with what has to change.

    What was found is remembered until the file changes.
    """
    found = _remembered(path, files.stamp(path))
    if isinstance(found, DataError):
        raise DataError(found.reason, found.field)
    return found


_one_at_a_time = Lock()


@lru_cache(maxsize=4096)
def _remembered(path: Path, stamp: files.Stamp) -> Header | DataError:
    """What `path` is, good or bad, as it was at `stamp`."""
    with _one_at_a_time:
        try:
            with _archive(path) as archive:
                return _header(path, archive, _members(path, archive))
        except DataError as error:
            return DataError(error.reason, error.field)


def _members(path: Path, archive: zipfile.ZipFile) -> dict[str, _Member]:
    inside = {name.removesuffix(".npy") for name in archive.namelist()}
    missing = [name for name in _PARTS if name not in inside]
    if missing:
        raise _refuse(path, f"{', '.join(missing)} missing; it has to hold {', '.join(_PARTS)}")
    return {name: _member(path, archive, name) for name in _PARTS}


def _header(path: Path, archive: zipfile.ZipFile, members: Mapping[str, _Member]) -> Header:
    train, *image, order = _pictures(path, "x_train", members["x_train"])
    test, *other, _ = _pictures(path, "x_test", members["x_test"])
    if image != other:
        raise _refuse(path, f"images of x_train are {image} (H, W, C), those of x_test {other}; they have to be equal")
    _check_labels(path, "y_train", members["y_train"], images=train)
    _check_labels(path, "y_test", members["y_test"], images=test)
    values = _distinct(path, archive, "y_train", members["y_train"])
    if len(values) < 2:
        raise _refuse(path, "y_train holds one class only; at least two are needed")
    unknown = _distinct(path, archive, "y_test", members["y_test"]) - values
    if unknown:
        raise _refuse(path, f"y_test holds the label {min(unknown)}, which y_train never has; train on it or drop it")
    height, width, channels = image
    return Header((height, width, channels), order, train, test, tuple(sorted(values)), _content(members))


def _content(members: Mapping[str, _Member]) -> str:
    sums = [(name, member.info.CRC, member.info.file_size) for name, member in sorted(members.items())]
    return f"crc:{hashlib.sha256(repr(sums).encode()).hexdigest()[:12]}"


def arrays(path: Path) -> Arrays:
    """All four arrays, labels as 0 … K − 1. Raises DataError."""
    with _archive(path) as archive:
        members = _members(path, archive)
        head = _header(path, archive, members)
        loaded = {name: _load(archive, member) for name, member in members.items()}

    def images(name: str) -> Pixels:
        x = loaded.pop(name)
        order = axes_order.read(name, x.shape)[3]
        return np.ascontiguousarray(axes_order.channels_last(x, order).reshape(len(x), *head.shape))

    def labels(name: str) -> npt.NDArray[np.int64]:
        kinds, places = np.unique(loaded[name], return_inverse=True)
        index = {value: label for label, value in enumerate(head.values)}
        return np.array([index[kind] for kind in kinds.tolist()], np.int64)[places]

    return Arrays(
        images("x_train"), labels("y_train"), images("x_test"), labels("y_test"), tuple(str(v) for v in head.values)
    )


def _load(archive: zipfile.ZipFile, member: _Member) -> npt.NDArray[Any]:
    with archive.open(member.info) as file:
        array: npt.NDArray[Any] = np.lib.format.read_array(file, allow_pickle=False)
        return array


def _stem(name: str) -> str:
    stem = name.removeprefix(PREFIX)
    if why := files.fault(stem, ENDING):
        msg = f"{name!r} names no npz file: after npz: comes the name of a file without the ending .npz; {why}"
        raise ConfigError([{"loc": "data.name", "msg": msg, "type": "npz_name"}])
    return stem


def names(folders: Sequence[Path]) -> list[str]:
    """Every NAME.npz in the folders; the first folder wins."""
    return [PREFIX + stem for stem in files.listed(folders, ENDING)[0]]


def _path(name: str, folders: Sequence[Path]) -> Path:
    stem = _stem(name)
    path = files.find(stem, ENDING, folders)
    if path is None:
        found = files.some(names(folders))
        raise DataError(f"there is no {stem}.npz. {remedy(stem + '.npz')}; found there now: {found}", "data.name")
    return path


def info(name: str, title: str, path: Path) -> DataInfo:
    """Facts of the file at `path`, under a name of the catalogue's."""
    head = header(path)
    return DataInfo(
        name=name,
        title=title,
        kind="image",
        shape=head.shape,
        classes=len(head.values),
        train=head.train,
        test=head.test,
        licence="unknown",
        source=files.said(path),
        local=True,
        bytes=files.stamp(path).size,
        content=head.content,
        note=axes_order.note(head.order, head.shape),
    )


def describe(name: str, folders: Sequence[Path], cut: Cut = DEFAULT_CUT) -> DataInfo | None:
    if not name.startswith(PREFIX):
        return None
    return info(name, _stem(name), _path(name, folders))


def prepare(name: str, folders: Sequence[Path], into: Path, progress: Progress) -> None:
    """Nothing to download: the file is the user's own."""


def read(name: str, folders: Sequence[Path], cut: Cut = DEFAULT_CUT) -> Arrays:
    return arrays(_path(name, folders))

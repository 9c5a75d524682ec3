"""One's own data set: NAME.npz with x_train (uint8, NHW or NHWC), y_train, x_test, y_test; used as `npz:NAME`.

Labels may be any integers: the classes are the distinct values of y_train in ascending order. Files are read with
`allow_pickle=False`, so a file can hold wrong numbers but never code. Imports no torch.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import ConfigError, DataError
from .family import DEFAULT_CUT, Arrays, Cut, DataInfo, Pixels, Progress
from .folders import remedy

PREFIX = "npz:"
_STEM = re.compile(r"[A-Za-z0-9_-]{1,64}")
_PARTS = ("x_train", "y_train", "x_test", "y_test")


@dataclass(frozen=True)
class Header:
    """What an npz file says of itself before its images are read."""

    shape: tuple[int, int, int]
    train: int
    test: int
    values: tuple[int, ...]
    """The distinct labels of y_train, ascending."""


def find(stem: str, folders: Sequence[Path]) -> Path | None:
    """The first `stem`.npz in `folders`."""
    return next((path for folder in folders if (path := folder / f"{stem}.npz").is_file()), None)


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Turn what zipfile and numpy raise for a damaged file into one sentence."""
    try:
        yield
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile, zlib.error, NotImplementedError) as error:
        raise DataError(
            f"{path} is no readable npz file ({error}); write it again with numpy.savez", "data.name"
        ) from error


def _refuse(path: Path, why: str) -> DataError:
    return DataError(f"{path}: {why}", "data.name")


def _array_header(archive: zipfile.ZipFile, name: str) -> tuple[tuple[int, ...], np.dtype[Any]]:
    with archive.open(f"{name}.npy") as file:
        version = np.lib.format.read_magic(file)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, dtype = read(file)
    return shape, dtype


def _nhwc(path: Path, name: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> tuple[int, int, int, int]:
    """Shape as NHWC. Raises DataError for anything but uint8 NHW or NHWC with at least one image."""
    if dtype != np.uint8:
        raise _refuse(path, f"{name} is {dtype}; images have to be uint8, 0 to 255")
    if len(shape) not in (3, 4) or 0 in shape:
        raise _refuse(path, f"{name} has the shape {shape}; it has to be (N, H, W) or (N, H, W, C) with N at least 1")
    count, height, width = shape[:3]
    return count, height, width, shape[3] if len(shape) == 4 else 1


def _check_labels(path: Path, name: str, shape: tuple[int, ...], dtype: np.dtype[Any], images: int) -> None:
    if dtype.kind not in "iu":
        kind = "Python objects, which are never loaded" if dtype.hasobject else str(dtype)
        raise _refuse(path, f"{name} holds {kind}; labels have to be integers")
    if shape != (images,):
        raise _refuse(path, f"{name} has the shape {shape}; it has to be ({images},), one label an image")


def header(path: Path) -> Header:
    """Shapes and classes; reads array headers and labels only. Raises DataError with what has to change."""
    with _reading(path), zipfile.ZipFile(path) as archive:
        inside = {name.removesuffix(".npy") for name in archive.namelist()}
        missing = [name for name in _PARTS if name not in inside]
        if not missing:
            heads = {name: _array_header(archive, name) for name in _PARTS}
    if missing:
        raise _refuse(path, f"{', '.join(missing)} missing; it has to hold {', '.join(_PARTS)}")
    train, *image = _nhwc(path, "x_train", *heads["x_train"])
    test, *other = _nhwc(path, "x_test", *heads["x_test"])
    if image != other:
        raise _refuse(path, f"images of x_train are {image} (H, W, C), those of x_test {other}; they have to be equal")
    _check_labels(path, "y_train", *heads["y_train"], images=train)
    _check_labels(path, "y_test", *heads["y_test"], images=test)
    values = np.unique(_load(path, "y_train"))
    if len(values) < 2:
        raise _refuse(path, "y_train holds one class only; at least two are needed")
    unknown = np.setdiff1d(_load(path, "y_test"), values)
    if len(unknown):
        raise _refuse(path, f"y_test holds the label {unknown[0]}, which y_train never has; train on it or drop it")
    return Header((image[0], image[1], image[2]), train, test, tuple(int(value) for value in values))


def _load(path: Path, name: str) -> npt.NDArray[Any]:
    with _reading(path), np.load(path, allow_pickle=False) as archive:
        array: npt.NDArray[Any] = archive[name]
        return array


def arrays(path: Path) -> Arrays:
    """All four arrays, labels as 0 … K − 1. Raises DataError."""
    head = header(path)
    values = np.array(head.values)

    def images(name: str) -> Pixels:
        loaded = _load(path, name)
        return np.ascontiguousarray(loaded.reshape(len(loaded), *head.shape))

    def labels(name: str) -> npt.NDArray[np.int64]:
        return np.searchsorted(values, _load(path, name)).astype(np.int64)

    return Arrays(
        images("x_train"), labels("y_train"), images("x_test"), labels("y_test"), tuple(str(v) for v in head.values)
    )


def _stem(name: str) -> str:
    stem = name.removeprefix(PREFIX)
    if not _STEM.fullmatch(stem):
        why = f"{name!r} names no npz file; after npz: come letters, digits, - and _ only, without the ending .npz"
        raise ConfigError([{"loc": "data.name", "msg": why, "type": "npz_name"}])
    return stem


def names(folders: Sequence[Path]) -> list[str]:
    """Every NAME.npz in the folders; the first folder wins."""
    stems = {path.stem for folder in folders if folder.is_dir() for path in folder.glob("*.npz")}
    return [PREFIX + stem for stem in sorted(stems) if _STEM.fullmatch(stem)]


def _path(name: str, folders: Sequence[Path]) -> Path:
    stem = _stem(name)
    path = find(stem, folders)
    if path is None:
        found = ", ".join(names(folders)) or "none"
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
        source=str(path),
        local=True,
        bytes=path.stat().st_size,
    )


def describe(name: str, folders: Sequence[Path], cut: Cut = DEFAULT_CUT) -> DataInfo | None:
    if not name.startswith(PREFIX):
        return None
    return info(name, _stem(name), _path(name, folders))


def prepare(name: str, folders: Sequence[Path], into: Path, progress: Progress) -> None:
    """Nothing to download: the file is the user's own."""


def read(name: str, folders: Sequence[Path], cut: Cut = DEFAULT_CUT) -> Arrays:
    return arrays(_path(name, folders))

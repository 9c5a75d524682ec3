"""What a family of data sets is: a module with the four functions of `Family`. Imports no torch.

How to add a data set: docs/how-to-add.md.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]
Labels = npt.NDArray[np.int64]
Progress = Callable[[int, int], None]
"""Called with (bytes done, bytes in all) while something is downloaded; what it raises ends the download."""


class Cut(NamedTuple):
    """How a text becomes images of height 1: `data.window` and `data.prefix`. Pictures are what they are."""

    window: int = 10
    """Characters seen; the target is the one after them."""
    prefix: int | None = None
    """Characters taken from the start of each document; None: all."""


DEFAULT_CUT = Cut()


@dataclass(frozen=True)
class DataInfo:
    """What the catalogue knows of a data set without reading its images."""

    name: str
    """As the config writes it: `mnist`, `npz:NAME`."""
    title: str
    kind: Literal["image", "text"]
    """image: pictures. text: windows of characters, one-hot, as images of height 1; labels are the next characters."""
    shape: tuple[int, int, int]
    """Height, width, channels; of a text 1, the window, the symbols."""
    classes: int
    train: int
    """Number of training images."""
    test: int
    licence: str
    source: str
    local: bool
    """Whether it can be read now, without a download."""
    bytes: int
    """Size of its files: those found, or those to download."""
    valid: int | None = None
    """Number of images kept apart for validation; None: the set keeps none, they are drawn from the training images."""
    content: str = ""
    """What tells its files from others of the same name and shape, as `way:digest`; empty where nothing is known."""
    note: str = ""
    """What has to be said of how it is read, as sentences; mostly nothing."""

    @property
    def items(self) -> str:
        """What its examples are called."""
        return "windows" if self.kind == "text" else "images"

    def many(self, count: int, part: str) -> str:
        """1 test image, 360 test images."""
        return f"{count:,} {part} {self.items if count != 1 else self.items[:-1]}"


@dataclass(frozen=True)
class Unusable:
    """A data set, or a file that could be one, that cannot be trained on."""

    name: str
    """As a config would write it."""
    reason: str
    """A sentence that says why, and what would help."""


@dataclass(frozen=True)
class Arrays:
    """A data set as its files hold it: pixels NHWC, labels 0 … K − 1."""

    x_train: Pixels
    y_train: Labels
    x_test: Pixels
    y_test: Labels
    labels: tuple[str, ...]
    """Names of the classes, by label."""
    white: int = 255
    """The largest value a pixel can have."""
    x_valid: Pixels | None = None
    """Images kept apart for validation; None where `DataInfo.valid` is."""
    y_valid: Labels | None = None


class Family(Protocol):
    """A family of data sets. `folders` are searched in order; only `prepare` writes, and only into `into`.

    `cut` is for texts; a family of pictures has no use for it.
    """

    def names(self, folders: Sequence[Path]) -> list[str]:
        """Names to list."""
        ...

    def describe(self, name: str, folders: Sequence[Path], cut: Cut = DEFAULT_CUT) -> DataInfo | None:
        """Facts from headers alone; None when the name belongs to another family. DataError for a corrupt file."""
        ...

    def prepare(self, name: str, folders: Sequence[Path], into: Path, progress: Progress) -> None:
        """Download what is missing. DataError names data set, cause and remedy; OutOfSpace for a full disk."""
        ...

    def read(self, name: str, folders: Sequence[Path], cut: Cut = DEFAULT_CUT) -> Arrays:
        """All images. DataError for a missing or corrupt file."""
        ...

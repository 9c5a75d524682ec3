"""What a family of data sets is: a module with the four functions of `Family`. Imports no torch.

How to add a data set: write one module beside this one and name it in `catalogue.FAMILIES`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]
Labels = npt.NDArray[np.int64]
Progress = Callable[[int, int], None]
"""Called with (bytes done, bytes in all) while something is downloaded; what it raises ends the download."""


@dataclass(frozen=True)
class DataInfo:
    """What the catalogue knows of a data set without reading its images."""

    name: str
    """As the config writes it: `mnist`, `npz:NAME`."""
    title: str
    kind: Literal["image"]
    shape: tuple[int, int, int]
    """Height, width, channels."""
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


class Family(Protocol):
    """A family of data sets. `folders` are searched in order; only `prepare` writes, and only into `into`."""

    def names(self, folders: Sequence[Path]) -> list[str]:
        """Names to list."""
        ...

    def describe(self, name: str, folders: Sequence[Path]) -> DataInfo | None:
        """Facts from headers alone; None when the name belongs to another family. DataError for a corrupt file."""
        ...

    def prepare(self, name: str, folders: Sequence[Path], into: Path, progress: Progress) -> None:
        """Download what is missing. DataError names data set, cause and remedy; OutOfSpace for a full disk."""
        ...

    def read(self, name: str, folders: Sequence[Path]) -> Arrays:
        """All images. DataError for a missing or corrupt file."""
        ...

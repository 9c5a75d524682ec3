"""scikit-learn's handwritten digits: 1,797 images of 8 × 8, installed with the package, no download.

The file is read directly: importing scikit-learn would take seconds before the first step. Imports no torch.
"""

from __future__ import annotations

import gzip
import importlib.util
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..errors import DataError
from .family import DEFAULT_CUT, Arrays, Cut, DataInfo, Progress
from .splits import stratified

TEST = 360
SPLIT_SEED = 0
INFO = DataInfo(
    name="digits",
    title="Digits (8 × 8)",
    kind="image",
    shape=(8, 8, 1),
    classes=10,
    train=1797 - TEST,
    test=TEST,
    licence="CC BY 4.0",
    source="E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI, 1998; as scikit-learn ships it",
    local=True,
    bytes=57_523,
)


def names(folders: Sequence[Path]) -> list[str]:
    return [INFO.name]


def describe(name: str, folders: Sequence[Path], cut: Cut = DEFAULT_CUT) -> DataInfo | None:
    return INFO if name == INFO.name else None


def prepare(name: str, folders: Sequence[Path], into: Path, progress: Progress) -> None:
    """Nothing to download: scikit-learn brings the file."""


def _file() -> Path:
    spec = importlib.util.find_spec("sklearn")  # finds the package without importing it
    for root in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(root) / "datasets" / "data" / "digits.csv.gz"
        if path.is_file():
            return path
    raise DataError(
        "digits: scikit-learn's digits.csv.gz is not installed; `pip install scikit-learn` brings it", "data.name"
    )


def read(name: str, folders: Sequence[Path], cut: Cut = DEFAULT_CUT) -> Arrays:
    with gzip.open(_file(), "rt") as file:
        table = np.loadtxt(file, delimiter=",", dtype=np.int64)
    pixels = table[:, :-1].astype(np.uint8).reshape(-1, *INFO.shape)
    labels = table[:, -1]
    test, train = stratified(labels, TEST, SPLIT_SEED)
    return Arrays(
        pixels[train], labels[train], pixels[test], labels[test], tuple(str(digit) for digit in range(10)), white=16
    )

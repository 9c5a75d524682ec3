"""A text as 30 symbols, its documents divided into training, validation and test, and cut into windows. No torch.

Documents are never mixed: a window lies in one document, and a document in one of the three parts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from .family import Cut, Labels, Pixels

SYMBOLS = "abcdefghijklmnopqrstuvwxyz ,;."
NAMES = tuple("␣" if symbol == " " else symbol for symbol in SYMBOLS)
"""Of the classes; a space can be seen."""
SHORTEST = 60
"""Characters below which a document is left out: headings, names, rules."""
FEWEST = 10
"""Documents that a text needs, so that test and validation get one each."""
SEED = 1

Codes = npt.NDArray[np.uint8]
"""Characters as indices into SYMBOLS."""
_FOLD = str.maketrans({":": ";", "!": ".", "?": ".", "-": " "})
_CODE = np.zeros(128, np.uint8)
_CODE[np.frombuffer(SYMBOLS.encode(), np.uint8)] = np.arange(len(SYMBOLS))


class Parts(NamedTuple):
    """The documents of a text."""

    train: tuple[Codes, ...]
    valid: tuple[Codes, ...]
    test: tuple[Codes, ...]


def normalise(text: str) -> str:
    """The text in SYMBOLS: ':' becomes ';', '!' and '?' become '.', '-' a space; what else there is, is left out."""
    kept = re.sub(r"[^a-z ,;.]", "", re.sub(r"\s", " ", text.lower().translate(_FOLD)))
    return re.sub(r" +", " ", kept).strip()


def documents(texts: Iterable[str]) -> list[Codes]:
    """Each text in SYMBOLS, those of fewer than SHORTEST characters left out."""
    plain = (normalise(text) for text in texts)
    return [_CODE[np.frombuffer(text.encode(), np.uint8)] for text in plain if len(text) >= SHORTEST]


def divide(found: Sequence[Codes]) -> Parts:
    """Of about ten documents of like length one is drawn for test and one for validation, the same on every machine."""
    by_length = np.argsort([len(document) for document in found], kind="stable")
    rng = np.random.RandomState(SEED)  # its streams are frozen by numpy's compatibility policy
    part = np.zeros(len(found), np.int64)
    for alike in np.array_split(by_length, max(1, round(len(found) / 10))):
        part[rng.choice(alike, 2, replace=False)] = 1, 2
    train, valid, test = (tuple(d for d, p in zip(found, part, strict=True) if p == n) for n in range(3))
    return Parts(train, valid, test)


def count(lengths: Iterable[int], cut: Cut) -> int:
    """How many windows with a next character there are in documents of these lengths."""
    return sum(max(0, min(length, cut.prefix or length) - cut.window) for length in lengths)


def windows(found: Iterable[Codes], cut: Cut) -> tuple[Codes, Labels]:
    """Every window (N, window) and the character after it (N,), document after document."""
    views = [
        np.lib.stride_tricks.sliding_window_view(document[: cut.prefix], cut.window + 1)
        for document in found
        if len(document[: cut.prefix]) > cut.window
    ]
    rows = np.concatenate(views) if views else np.zeros((0, cut.window + 1), np.uint8)
    return rows[:, :-1], rows[:, -1].astype(np.int64)


def one_hot(codes: Codes) -> Pixels:
    """Windows (N, W) as images (N, 1, W, 30) whose one bright channel is the character."""
    return np.eye(len(SYMBOLS), dtype=np.uint8)[codes][:, None]

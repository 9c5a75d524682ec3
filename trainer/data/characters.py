"""A text as 30 symbols, its documents divided into training, validation and test, and cut into windows. No torch.

Documents are never mixed: a window lies in one document, and a document in one of the three parts.
"""

from __future__ import annotations

import re
import string
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
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
_ALIKE = bytes.maketrans(b":!?-" + string.whitespace.encode() + b"\x1c\x1d\x1e\x1f", b";.. " + b" " * 10)
_BESIDE = bytes(set(range(128)) - set(SYMBOLS.encode()))
"""What is left out."""
_SPACES = (
    "\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)
_SPELT = {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i",
          "–": "-", "—": "-", "−": "-"}  # fmt: skip
"""Letters that Unicode does not take apart, and dashes."""
_PIECE = 1 << 18
_CODE = np.zeros(128, np.uint8)
_CODE[np.frombuffer(SYMBOLS.encode(), np.uint8)] = np.arange(len(SYMBOLS))


Lengths = tuple[tuple[int, int], ...]
"""(characters, how many documents have so many), ascending: all that counting windows needs."""


class Parts(NamedTuple):
    """The documents of a text."""

    train: tuple[Codes, ...]
    valid: tuple[Codes, ...]
    test: tuple[Codes, ...]


def normalise(text: str) -> str:
    """The text in SYMBOLS: ':' becomes ';', '!' and '?' become '.', '-' a space; what else there is, is left out."""
    text = text.lower()
    if not text.isascii():
        for space in _SPACES:
            text = text.replace(space, " ")
    kept = text.encode("ascii", "ignore").translate(_ALIKE).translate(None, _BESIDE)
    return b" ".join(kept.split()).decode()


def fold(text: str) -> str:
    """The text without accents, wide letters and ligatures, so that étaient is etaient however it was stored."""
    if text.isascii():
        return text
    plain = _marks().sub("", text)  # their order is what takes the square of their number
    text = "".join(unicodedata.normalize("NFKD", piece) for piece in _pieces(plain)).lower()
    for letter, spelt in _SPELT.items():
        text = text.replace(letter, spelt)
    return text


@lru_cache(maxsize=1)
def _marks() -> re.Pattern[str]:
    """Marks that stand on the character before: no symbol here has one."""
    found = (chr(code) for code in range(128, sys.maxunicode) if unicodedata.combining(chr(code)))
    return re.compile(f"[{''.join(map(re.escape, found))}]+")


def _pieces(text: str) -> Iterator[str]:
    return (text[start : start + _PIECE] for start in range(0, len(text), _PIECE))


class Loss(NamedTuple):
    """What of a text has no symbol here."""

    share: float
    """Of its characters without spaces and accents."""
    examples: str
    """The most frequent ones."""


def loss(text: str) -> Loss:
    """What is left out of a text that was folded."""
    counts = np.zeros(0x110000, np.int64)
    for piece in _pieces(text):
        codes = np.frombuffer(piece.encode("utf-32-le", "surrogatepass"), np.uint32)
        seen = np.bincount(codes)
        counts[: len(seen)] += seen
    found = {chr(code): int(counts[code]) for code in np.flatnonzero(counts)}
    shown = {c: n for c, n in found.items() if unicodedata.category(c)[0] not in "ZCM"}
    dropped = {c: n for c, n in shown.items() if c != "-" and not normalise(c)}
    most = sorted(dropped, key=lambda c: (-dropped[c], c))[:3]
    return Loss(sum(dropped.values()) / max(1, sum(shown.values())), ", ".join(most))


def documents(texts: Iterable[str]) -> list[Codes]:
    """Each text in SYMBOLS, those of fewer than SHORTEST characters left out."""
    plain = (normalise(text) for text in texts if len(text) >= SHORTEST)  # no text grows
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


def lengths(found: Sequence[Codes]) -> Lengths:
    """Of these documents."""
    sizes, numbers = np.unique([len(document) for document in found], return_counts=True)
    return tuple(zip(sizes.tolist(), numbers.tolist(), strict=True))


def count(lengths: Lengths, cut: Cut) -> int:
    """How many windows with a next character there are in documents of these lengths."""
    return sum(number * max(0, min(length, cut.prefix or length) - cut.window) for length, number in lengths)


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

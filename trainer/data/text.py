"""Texts: Aesop's Fables, the topics of Python's own help (offline), and NAME.txt of one's own as `text:NAME`.

A text is read as images of height 1: `data.window` characters, one-hot, and the next character as the label. Its
documents are fables, topics or paragraphs (parted by an empty line). Imports no torch.
"""

from __future__ import annotations

import dataclasses
import hashlib
import importlib
import platform
import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from ..errors import ConfigError, DataError
from . import characters
from .characters import Parts
from .download import Remote, Transfer, addresses, lock, writing
from .family import DEFAULT_CUT, Arrays, Cut, DataInfo, Progress
from .folders import remedy

PREFIX = "text:"
TOPICS = "python-topics"
MOST_BYTES = 8_000_000
"""A window costs 1.2 kB of memory: a text beyond this would not fit anywhere."""
_STEM = re.compile(r"[A-Za-z0-9_-]{1,64}")
_COPY = "gh/arkadyark/fforward@74dc42e5e3f4dbe44e675e9033387d4e6f371031/aesop.txt"
AESOP = Remote(
    "aesop.txt",
    (
        "https://raw.githubusercontent.com/" + _COPY.removeprefix("gh/").replace("@", "/"),
        f"https://cdn.jsdelivr.net/{_COPY}",
    ),
    "4f1e7463b5fd19c55a9f538703a24be5ae3f3f04585d41c7266aba79d0fac8f9",
    195_253,
)
"""A public copy, headings and fables only, of Project Gutenberg's #11339."""


class Lengths(NamedTuple):
    """Characters of each document, by part."""

    train: tuple[int, ...]
    valid: tuple[int, ...]
    test: tuple[int, ...]


class Words(NamedTuple):
    """How the catalogue speaks of a text."""

    title: str
    licence: str
    source: str


def _even(documents: int, characters: int) -> tuple[int, ...]:
    """Lengths of documents that are about equally long."""
    length, rest = divmod(characters, documents)
    return (length + 1,) * rest + (length,) * (documents - rest)


AESOP_WORDS = Words(
    "Aesop's Fables", "public domain", "Aesop's Fables, translated by V. S. Vernon Jones, 1912; Project Gutenberg 11339"
)
AESOP_LENGTHS = Lengths(_even(228, 149_050), _even(28, 19_008), _even(28, 18_320))
"""Before the file is there. The shortest fable is longer than any window, so the windows' numbers are exact; those of
a long prefix are too high."""


# ── the texts ─────────────────────────────────────────────────────────────────────────────────────────────────────
def fables(text: str) -> list[str]:
    """What stands between the headings, which are the lines in capitals."""
    found: list[list[str]] = [[]]
    for line in text.splitlines():
        if line.isupper():
            found.append([])
        else:
            found[-1].append(line)
    return [" ".join(lines) for lines in found]


def paragraphs(text: str) -> list[str]:
    """What empty lines part."""
    return re.split(r"\n\s*\n", text)


def topics() -> list[str]:
    """The topics of `help()` in the order of their names; `pydoc_data.topics` is part of every CPython."""
    try:
        texts: dict[str, str] = importlib.import_module("pydoc_data.topics").topics
    except ImportError as error:
        raise DataError(
            f"{TOPICS}: this Python came without pydoc_data ({error}); install it whole", "data.name"
        ) from error
    return [texts[name] for name in sorted(texts)]


def _text(path: Path) -> str:
    if path.stat().st_size > MOST_BYTES:
        raise _refuse(path, f"it has {path.stat().st_size:,} bytes; at most {MOST_BYTES:,}: cut off a part")
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise _refuse(path, f"it is not UTF-8 ({error.reason}); save it so") from error
    except OSError as error:
        raise _refuse(path, error.strerror or str(error)) from error


def _refuse(path: Path, why: str) -> DataError:
    return DataError(f"{path}: {why}", "data.name")


def _checked(path: Path) -> str:
    """Aesop's text. Raises DataError for another one of that name: figures would not compare."""
    if hashlib.sha256(path.read_bytes()).hexdigest() != AESOP.checksum:
        raise _refuse(path, "it is not the copy that is known here; rename it and use text:NAME, or remove it")
    return _text(path)


def parts(name: str, path: Path | None) -> Parts:
    """The documents of the text `name`, found at `path`. Raises DataError."""
    if path is None:
        return characters.divide(characters.documents(topics()))
    found = characters.documents(fables(_checked(path)) if name == "aesop" else paragraphs(_text(path)))
    if len(found) < characters.FEWEST:
        raise _refuse(
            path,
            f"it has {len(found)} paragraphs of {characters.SHORTEST} characters or more, parted by empty lines; "
            f"{characters.FEWEST} are needed for training, validation and test",
        )
    return characters.divide(found)


@lru_cache(maxsize=64)
def _lengths(name: str, path: Path | None, stamp: tuple[int, int]) -> Lengths:
    """Lengths of the documents; read again when the file's size or time (`stamp`) changes."""
    train, valid, test = (tuple(len(document) for document in part) for part in parts(name, path))
    return Lengths(train, valid, test)


# ── the family ────────────────────────────────────────────────────────────────────────────────────────────────────
def _find(file: str, folders: Sequence[Path]) -> Path | None:
    return next((path for folder in folders if (path := folder / file).is_file()), None)


def names(folders: Sequence[Path]) -> list[str]:
    """The two texts of the catalogue, and every NAME.txt in the folders."""
    found = {path.stem for folder in folders if folder.is_dir() for path in folder.glob("*.txt")}
    own = sorted(stem for stem in found - {"aesop"} if _STEM.fullmatch(stem))
    return ["aesop", TOPICS, *(PREFIX + stem for stem in own)]


def _path(name: str, folders: Sequence[Path]) -> Path | None:
    """The file of the text `name`; None for the topics, and for Aesop before the download."""
    if name == TOPICS:
        return None
    if name == "aesop":
        return _find(AESOP.name, folders)
    stem = name.removeprefix(PREFIX)
    if not _STEM.fullmatch(stem):
        why = f"{name!r} names no text; after text: come letters, digits, - and _ only, without the ending .txt"
        raise ConfigError([{"loc": "data.name", "msg": why, "type": "text_name"}])
    if (path := _find(f"{stem}.txt", folders)) is None:
        raise DataError(f"there is no {stem}.txt. {remedy(stem + '.txt')}", "data.name")
    return path


def describe(name: str, folders: Sequence[Path], cut: Cut = DEFAULT_CUT) -> DataInfo | None:
    if name not in ("aesop", TOPICS) and not name.startswith(PREFIX):
        return None
    path = _path(name, folders)
    local = path is not None or name == TOPICS
    stamp = path.stat() if path else None
    lengths = _lengths(name, path, (stamp.st_size, stamp.st_mtime_ns) if stamp else (0, 0)) if local else AESOP_LENGTHS
    train, valid, test = (characters.count(part, cut) for part in lengths)
    title, licence, source = _words(name, path)
    return DataInfo(
        name=name,
        title=title,
        kind="text",
        shape=(1, cut.window, len(characters.SYMBOLS)),
        classes=len(characters.SYMBOLS),
        train=train,
        test=test,
        licence=licence,
        source=source,
        local=local,
        bytes=stamp.st_size if stamp else sum(map(sum, lengths)) if local else AESOP.size,
        valid=valid,
    )


def _words(name: str, path: Path | None) -> Words:
    if name == "aesop":
        return AESOP_WORDS
    if path is None:
        version = platform.python_version()
        return Words("Python's help topics", "PSF", f"pydoc_data.topics of Python {version}; other versions differ")
    return Words(path.stem, "unknown", str(path))


def prepare(name: str, folders: Sequence[Path], into: Path, progress: Progress) -> None:
    if name != "aesop" or _path(name, folders):
        return
    with writing(AESOP_WORDS.title, into):
        into.mkdir(parents=True, exist_ok=True)
    with lock(into / ".aesop.lock", lambda: progress(0, AESOP.size)):
        if not _path(name, [into]):  # another process may have brought it while this one waited
            _download(into, progress)


def _download(into: Path, progress: Progress) -> None:
    remote = dataclasses.replace(AESOP, urls=addresses("aesop", AESOP.name, AESOP.urls))
    try:
        for file, part in Transfer(AESOP_WORDS.title, [remote], into, progress).run():
            with writing(AESOP_WORDS.title, into):
                part.replace(into / file.name)
    except DataError as error:
        raise DataError(f"{error.reason}. {_remedy()}", error.field) from error


def _remedy() -> str:
    return (
        f"{remedy(AESOP.name)}, try again when the server can be reached, or choose {TOPICS}, which needs no download."
    )


def read(name: str, folders: Sequence[Path], cut: Cut = DEFAULT_CUT) -> Arrays:
    path = _path(name, folders)
    if path is None and name == "aesop":
        raise DataError(f"{AESOP_WORDS.title} are not there. {_remedy()}", "data.name")
    (x, y), (x_valid, y_valid), (x_test, y_test) = (characters.windows(part, cut) for part in parts(name, path))
    return Arrays(
        characters.one_hot(x),
        y,
        characters.one_hot(x_test),
        y_test,
        characters.NAMES,
        white=1,
        x_valid=characters.one_hot(x_valid),
        y_valid=y_valid,
    )

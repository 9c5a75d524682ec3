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
from threading import Lock
from typing import NamedTuple

from ..errors import ConfigError, DataError
from . import characters, files
from .characters import Lengths, Parts
from .download import Remote, Transfer, addresses, lock, writing
from .family import DEFAULT_CUT, Arrays, Cut, DataInfo, Progress
from .folders import remedy

PREFIX = "text:"
ENDING = ".txt"
TOPICS = "python-topics"
MOST_BYTES = 8_000_000
"""A window costs 1.2 kB of memory: a text beyond this would not fit anywhere."""
MOST_LOST = 0.5
"""Share of a text without a symbol here beyond which it is refused."""
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


class Facts(NamedTuple):
    """What is known of a text without its documents."""

    train: Lengths
    valid: Lengths
    test: Lengths
    content: str = ""
    """A digest of the documents."""
    note: str = ""


class Words(NamedTuple):
    """How the catalogue speaks of a text."""

    title: str
    licence: str
    source: str


def _even(documents: int, characters: int) -> Lengths:
    """Lengths of documents that are about equally long."""
    length, rest = divmod(characters, documents)
    return ((length, documents - rest), (length + 1, rest))


AESOP_WORDS = Words(
    "Aesop's Fables", "public domain", "Aesop's Fables, translated by V. S. Vernon Jones, 1912; Project Gutenberg 11339"
)
AESOP_FACTS = Facts(_even(228, 149_050), _even(28, 19_008), _even(28, 18_320))
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
    """As Python's universal newlines have it, without a byte order mark."""
    body = _bytes(path)
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        wide = body[:2] in (b"\xff\xfe", b"\xfe\xff")
        why = f"it is not UTF-8 ({error.reason}); save it so, in a shell"
        raise _refuse(path, f"{why} iconv -f {'utf-16' if wide else 'latin1'} -t utf-8 OLD.txt > NEW.txt") from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _bytes(path: Path) -> bytes:
    size = files.stamp(path).size
    pieces: list[bytes] = []
    try:
        with files.opened(path) as file:
            while size <= MOST_BYTES and (piece := file.read(files.Reader.MOST)):
                pieces.append(piece)
                size = sum(map(len, pieces))
    except OSError as error:
        raise _refuse(path, f"it cannot be read: {files.reason(error)}") from error
    if size > MOST_BYTES:
        raise _refuse(path, f"it has {size:,} bytes; at most {MOST_BYTES:,}: cut off a part")
    return b"".join(pieces)


def _refuse(path: Path, why: str) -> DataError:
    return DataError(f"{files.said(path)}: {why}", "data.name")


def _checked(path: Path) -> str:
    """Aesop's text. Raises DataError for another one of that name: figures would not compare."""
    if hashlib.sha256(_bytes(path)).hexdigest() != AESOP.checksum:
        raise _refuse(path, "it is not the copy that is known here; rename it and use text:NAME, or remove it")
    return _text(path)


def parts(name: str, path: Path | None) -> Parts:
    """The documents of the text `name`, found at `path`. Raises DataError."""
    return _read(name, path)[0]


def _read(name: str, path: Path | None) -> tuple[Parts, str]:
    """The documents, and what has to be said of them."""
    if path is None:
        return characters.divide(characters.documents(topics())), ""
    if name == "aesop":
        text, lost, pieces = "", characters.Loss(0.0, ""), fables(_checked(path))
    else:
        text = characters.fold(_text(path))
        lost, pieces = characters.loss(text), paragraphs(text)
    if lost.share > MOST_LOST:
        raise _refuse(path, _too_much(lost))
    found = characters.documents(pieces)
    if len(found) < characters.FEWEST:
        raise _refuse(path, _too_few(len(found), text))
    return characters.divide(found), _left_out(lost)


def _too_much(lost: characters.Loss) -> str:
    return (
        f"{100 * lost.share:.0f} % of its characters, such as {lost.examples}, are none of the symbols that there are: "
        "a to z, the space, the comma, the semicolon and the full stop; a text in Latin letters would work"
    )


def _left_out(lost: characters.Loss) -> str:
    if lost.share < 0.0005:
        return ""
    return f"{100 * lost.share:.1f} % of its characters are left out, such as {lost.examples}."


def _too_few(found: int, text: str) -> str:
    """Too few paragraphs; where lines are long enough to be paragraphs, how to part them."""
    said = f"it has {found} paragraph{'' if found == 1 else 's'} of {characters.SHORTEST} characters or more, parted "
    said += f"by empty lines; {characters.FEWEST} are needed for training, validation and test"
    lines = len(characters.documents(text.splitlines()))
    if lines >= characters.FEWEST:
        return f"{said}. It has {lines:,} lines as long: in a shell sed G OLD.txt > NEW.txt parts them by empty lines"
    return f"{said}. Put an empty line wherever a part ends: a text in one piece can be cut anywhere, rows be joined"


_one_at_a_time = Lock()


def _facts(name: str, path: Path | None) -> Facts:
    """Raises DataError."""
    found = _remembered(name, path, files.stamp(path) if path else None)
    if isinstance(found, DataError):
        raise DataError(found.reason, found.field)
    return found


@lru_cache(maxsize=2048)
def _remembered(name: str, path: Path | None, stamp: files.Stamp | None) -> Facts | DataError:
    """What is known of a text, good or bad; read again when the file changes (`stamp`)."""
    with _one_at_a_time:
        try:
            found, note = _read(name, path)
        except DataError as error:
            return DataError(error.reason, error.field)
    digest = hashlib.sha256(b"\n".join(document.tobytes() for part in found for document in part)).hexdigest()
    train, valid, test = map(characters.lengths, found)
    return Facts(train, valid, test, f"text:{digest[:12]}", note)


# ── the family ────────────────────────────────────────────────────────────────────────────────────────────────────
def names(folders: Sequence[Path]) -> list[str]:
    """The two texts of the catalogue, and every NAME.txt in the folders."""
    return ["aesop", TOPICS, *(PREFIX + stem for stem in files.listed(folders, ENDING)[0] if stem != "aesop")]


def _path(name: str, folders: Sequence[Path]) -> Path | None:
    """The file of the text `name`; None for the topics, and for Aesop before the download."""
    if name == TOPICS:
        return None
    if name == "aesop":
        return next(filter(files.is_file, (folder / AESOP.name for folder in folders)), None)
    stem = name.removeprefix(PREFIX)
    if why := files.fault(stem, ENDING):
        msg = f"{name!r} names no text: after text: comes the name of a file without the ending .txt; {why}"
        raise ConfigError([{"loc": "data.name", "msg": msg, "type": "text_name"}])
    path = files.find(stem, ENDING, folders)
    if path is None:
        found = files.some([own for own in names(folders) if own.startswith(PREFIX)])
        raise DataError(f"there is no {stem}.txt. {remedy(stem + '.txt')}; found there now: {found}", "data.name")
    return path


def describe(name: str, folders: Sequence[Path], cut: Cut = DEFAULT_CUT) -> DataInfo | None:
    if name not in ("aesop", TOPICS) and not name.startswith(PREFIX):
        return None
    path = _path(name, folders)
    local = path is not None or name == TOPICS
    facts = _facts(name, path) if local else AESOP_FACTS
    parts = facts.train, facts.valid, facts.test
    train, valid, test = (characters.count(part, cut) for part in parts)
    title, licence, source = _words(name, path)
    letters = sum(length * number for part in parts for length, number in part)
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
        bytes=files.stamp(path).size if path else letters if local else AESOP.size,
        valid=valid,
        content=facts.content,
        note=facts.note,
    )


def _words(name: str, path: Path | None) -> Words:
    if name == "aesop":
        return AESOP_WORDS
    if path is None:
        version = platform.python_version()
        return Words("Python's help topics", "PSF", f"pydoc_data.topics of Python {version}; other versions differ")
    return Words(name.removeprefix(PREFIX), "unknown", files.said(path))


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

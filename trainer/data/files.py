"""Files of one's own in the data folders: which there are, and opening one without ever waiting. Imports no torch.

A name is looked up in the listing of the folders, so it can be no path. What is no regular file is never opened: a
pipe would hold whoever opens it.
"""

from __future__ import annotations

import io
import os
import stat
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from ..errors import DataError

MOST_ENTRIES = 20_000
"""Entries of a folder that are looked at; a file beyond them is found by its name."""
MOST_BYTES = 90
"""Of a name: `data.name` has 100 characters, a file name 255 bytes."""
_FORBIDDEN = set('/\\"*?<>|;:')
_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


class Odd(NamedTuple):
    """A file that cannot be chosen by its name, and why, with what would help."""

    path: Path
    why: str


class Stamp(NamedTuple):
    """What changes when a file does."""

    inode: int
    size: int
    modified: int
    changed: int


def said(path: Path | str) -> str:
    """A path as text that every page and answer can hold: what cannot be printed is escaped."""
    return printable(os.fsencode(path).decode("utf-8", "backslashreplace"))


def printable(text: str, most: int = 400) -> str:
    """`text` on one line and of bounded length."""
    shown = text if len(text) <= most else text[: most - 1] + "…"
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in shown)


def some(names: Sequence[str], most: int = 20) -> str:
    """The first names of a list, for a sentence."""
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more or "none"


def reason(error: BaseException) -> str:
    """An exception in a few words."""
    text = error.strerror if isinstance(error, OSError) else str(error)
    return printable(text or type(error).__name__, 200)


def fault(stem: str, ending: str) -> str | None:
    """Why a file of this name cannot be chosen, with what would help; None for a good name."""
    if not stem or stem.startswith("."):
        return "its name begins with a dot: rename it"
    if stem != stem.strip():
        return "its name begins or ends with a space: rename it"
    if stem.lower().endswith(ending):
        return f"its name ends in {ending} twice: rename it"
    if len(stem.encode("utf-8", "surrogateescape")) > MOST_BYTES:
        return f"its name is longer than {MOST_BYTES} bytes: rename it"
    if not stem.isprintable() or set(stem) & _FORBIDDEN:
        return "its name has a character that names here cannot have: rename it with letters, digits, - and _"
    return None


def listed(folders: Sequence[Path], ending: str) -> tuple[list[str], list[Odd]]:
    """The names that can be chosen, sorted, and the files that cannot; of one name the first folder's is chosen."""
    names: dict[str, Path] = {}
    odd: list[Odd] = []
    for folder in folders:
        for file in _files(folder, ending):
            stem = _stem(file, ending)
            if why := fault(stem, ending):
                odd.append(Odd(folder / file, why))
            elif stem in names:
                first = said(names[stem] / stem)
                odd.append(Odd(folder / file, f"{first} comes first under this name: rename one of them"))
            else:
                names[stem] = folder
    return sorted(names), sorted(odd)


def _files(folder: Path, ending: str) -> list[str]:
    """What ends so, in any case, sorted, the plain ending first; nothing of a folder that is gone."""
    try:
        with os.scandir(folder) as entries:
            found = [entry.name for entry in islice(entries, MOST_ENTRIES) if entry.name.lower().endswith(ending)]
    except OSError:
        return []
    return sorted(found, key=lambda name: (not name.endswith(ending), name))


def _stem(file: str, ending: str) -> str:
    return unicodedata.normalize("NFC", file[: -len(ending)])


def unreadable(folder: Path) -> str | None:
    """Why nothing can be found in `folder`; None where it can be listed."""
    try:
        with os.scandir(folder):
            return None
    except OSError as error:
        return reason(error)


def find(stem: str, ending: str, folders: Sequence[Path]) -> Path | None:
    """The first regular file of that name in `folders`; else whatever has the name there; else None."""
    there = list(_candidates(unicodedata.normalize("NFC", stem), ending, folders))
    return next(filter(is_file, there), there[0] if there else None)


def _candidates(stem: str, ending: str, folders: Sequence[Path]) -> Iterator[Path]:
    if fault(stem, ending):
        return
    for folder in folders:
        direct = folder / f"{stem}{ending}"
        if os.path.lexists(direct):
            yield direct
        else:  # another case of the ending, or letters and accents stored apart
            yield from (folder / file for file in _files(folder, ending) if _stem(file, ending) == stem)


def is_file(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except OSError:
        return False


def stamp(path: Path) -> Stamp:
    """Raises DataError for what is no regular file."""
    try:
        found = path.stat()
    except OSError as error:
        why = "is a link to a file that is not there" if path.is_symlink() else f"cannot be read: {reason(error)}"
        raise DataError(f"{said(path)} {why}", "data.name") from error
    if not stat.S_ISREG(found.st_mode):
        kind = next((words for test, words in _KINDS if test(found.st_mode)), "something else")
        raise DataError(f"{said(path)} is {kind} and no file: remove it, or put the file itself there", "data.name")
    return Stamp(found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


class Reader(io.BufferedReader):
    """A file that refuses to read more than `MOST` bytes at once: what it says of its own size is not believed."""

    MOST = 1 << 18

    def read(self, size: int | None = -1, /) -> bytes:
        wanted = self.MOST + 1 if size is None or size < 0 else size
        if wanted > self.MOST + 1:
            raise ValueError("its directory is too large")
        body = super().read(wanted)
        if len(body) > self.MOST:
            raise ValueError("its directory is too large")
        return body


def opened(path: Path) -> Reader:
    """The regular file at `path`. Raises DataError; never waits, whatever stands there by now."""
    stamp(path)
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError as error:
        raise DataError(f"{said(path)} cannot be read: {reason(error)}", "data.name") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise DataError(f"{said(path)} is no regular file", "data.name")
    return Reader(io.FileIO(descriptor))

"""Which SQLite this process uses, and how safely. Runs before anything opens a database: `ffweb/__init__.py` calls it.

SQLite 3.7.0 to 3.51.2 can damage a database in WAL mode when two connections write or checkpoint around a reset of the
log (sqlite.org/wal.html, "The WAL-reset bug"; mended in 3.51.3). Distributions carry such versions for years, so
`pysqlite3`, which brings its own, takes the place of the interpreter's `sqlite3`. One process must never use both:
closing a file in one library drops the locks that the other holds on it.
"""

from __future__ import annotations

import importlib
import sqlite3
import sys
from contextlib import suppress
from types import ModuleType

MENDED = (3, 51, 3)
WAL = "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; "
# A rollback journal never met the fault. NORMAL would not survive a power cut with it.
ROLLBACK = "PRAGMA journal_mode=DELETE; PRAGMA synchronous=FULL; "


def mended(version: tuple[int, ...]) -> bool:
    """Whether WAL mode is safe in this version of SQLite."""
    return version >= MENDED


def install() -> None:
    """Put `pysqlite3` in place of an interpreter's `sqlite3` that is too old, where it is installed and newer."""
    if mended(sqlite3.sqlite_version_info) or (other := _pysqlite3()) is None:
        return
    if other.sqlite_version_info > sqlite3.sqlite_version_info:
        sys.modules["sqlite3"] = other
        sys.modules["sqlite3.dbapi2"] = other.dbapi2


def _pysqlite3() -> ModuleType | None:
    with suppress(ImportError):  # no wheel for this platform
        return importlib.import_module("pysqlite3")
    return None


def version() -> tuple[int, ...]:
    """The version that Django uses in this process."""
    used: tuple[int, ...] = sys.modules["sqlite3"].sqlite_version_info
    return used


def journal() -> str:
    """The statements that set a new connection's journal: WAL where that is safe."""
    return WAL if mended(version()) else ROLLBACK


def told() -> str:
    """What the start says about it."""
    number = ".".join(map(str, version()))
    if mended(version()):
        return f"SQLite {number}, in WAL mode."
    least = ".".join(map(str, MENDED))
    return (
        f"SQLite {number}, with a rollback journal: before {least} its WAL mode can damage a database. With many at "
        f"work this is slower; a Python with SQLite {least} or newer, or DATABASE_URL with Postgres, is not."
    )

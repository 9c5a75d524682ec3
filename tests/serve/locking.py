"""Another process that has a database of its own mind: it keeps SQLite's write lock, or nobody may write."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests.waiting import PATIENCE

HOLD = """
import sqlite3, sys
held = sqlite3.connect(sys.argv[1], isolation_level=None)
held.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
sys.stdin.read()
"""


def is_locked(path: str) -> bool:
    """Whether somebody holds it now."""
    asking = sqlite3.connect(path, timeout=0, isolation_level=None)
    try:
        asking.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError:
        return True
    finally:
        asking.close()
    return False


@contextmanager
def write_lock(path: str) -> Iterator[None]:
    """Held by a process of its own until the end."""
    command = [sys.executable, "-c", HOLD, path]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    try:
        assert process.stdout.readline() == "locked\n"
        yield
    finally:
        process.communicate(timeout=PATIENCE)

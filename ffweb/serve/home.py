"""One `make run` a home folder: the lock, and ready.json, which says where it answers."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
from django.core.exceptions import ImproperlyConfigured


class InUse(Exception):
    """Another supervisor works in this home folder."""


def writable(home: Path) -> None:
    """Raises ImproperlyConfigured for a folder that can be read at most."""
    if not os.access(home, os.W_OK | os.X_OK):
        raise ImproperlyConfigured(
            f"FFWEB_HOME={home} cannot be written: mount it for writing, or name a folder that you may write to."
        )


def lock(home: Path, name: str, seconds: float = 10.0) -> int:
    """Take the home's lock of this name; returns its file descriptor, to be kept open. Raises InUse.

    The guard of a supervisor that was killed holds the lock until its children are gone: that is waited for.
    """
    fd = os.open(home / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    deadline = time.monotonic() + seconds
    while not _try(fd):
        pid = _holder(fd)
        if (pid and psutil.pid_exists(pid)) or time.monotonic() > deadline:
            os.close(fd)
            raise InUse(_in_use(home, pid))
        time.sleep(0.1)
    os.ftruncate(fd, 0)
    os.pwrite(fd, str(os.getpid()).encode(), 0)
    return fd


def _try(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _holder(fd: int) -> int | None:
    text = os.pread(fd, 32, 0)
    return int(text) if text.isdigit() else None


def _in_use(home: Path, pid: int | None) -> str:
    url = read_ready(home).get("url")
    where = f"at {url}" if url else "and is still starting"
    return f"FFWeb already runs in {home} {where} (process {pid}). For a second one, set FFWEB_HOME to another folder."


def ready_file(home: Path) -> Path:
    return home / "ready.json"


def read_ready(home: Path) -> dict[str, Any]:
    """What ready.json says; empty when nothing is ready."""
    try:
        content: dict[str, Any] = json.loads(ready_file(home).read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return {}
    return content


@contextmanager
def no_longer_ready(home: Path) -> Iterator[None]:
    """Without ready.json at the start, whoever left one behind, and in the end."""
    ready_file(home).unlink(missing_ok=True)
    try:
        yield
    finally:
        ready_file(home).unlink(missing_ok=True)


def write_ready(home: Path, content: dict[str, Any]) -> None:
    """Write ready.json at once and for its owner alone: it holds a sign-in link."""
    part = home / "ready.json.part"
    part.unlink(missing_ok=True)
    with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(content, file, indent=2)
    part.replace(ready_file(home))

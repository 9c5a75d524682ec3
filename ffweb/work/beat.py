"""A worker process's own sign of life: a file that it touches. It needs no database, which a frozen worker may hold."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from pathlib import Path

from django.conf import settings

VARIABLE = "FFWEB_WORKER_BEAT"


def begin() -> None:
    """Touch the file that the supervisor named, every two seconds as long as this process runs."""
    if path := os.environ.get(VARIABLE):
        threading.Thread(target=_touch, args=(Path(path),), name="beat", daemon=True).start()


def _touch(path: Path) -> None:
    wait = threading.Event()
    while True:
        with suppress(OSError):  # a disk that is away for a moment
            path.touch()
        wait.wait(settings.BEAT_SECONDS)


class Beat:
    """The question of a worker: has it touched its file since? None where there is no file to see."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._touched: int | None = None

    def __call__(self) -> bool | None:
        try:
            touched = self._path.stat().st_mtime_ns
        except OSError:
            return None
        changed, self._touched = touched != self._touched, touched
        return changed

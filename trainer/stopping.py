"""How a run is asked to stop: a signal, a `stop` file in its folder, or the end of its worker's pipe."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from trainer.errors import Stopped
from trainer.rundir import RunDir

GRACE_SECONDS = 5.0


class Stop:
    """Asked at every step, so that the state at a stop is always that of a whole step."""

    def __init__(self, folder: RunDir, *, stale: bool = False) -> None:
        """`stale`: a `stop` file that is there already was meant for the trainer before."""
        self._file = folder.stop
        self._stale = self._asked() if stale else None
        self._reason: str | None = None

    @contextmanager
    def listening(self, *, parent_pipe: bool) -> Iterator[None]:
        """React to SIGTERM and SIGINT and, with `parent_pipe`, to the end of stdin."""
        before = {number: signal.signal(number, self._on_signal) for number in (signal.SIGTERM, signal.SIGINT)}
        if parent_pipe:
            threading.Thread(target=self._watch_parent, daemon=True).start()
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._reason = f"stopped by {signal.Signals(number).name}"

    def _watch_parent(self) -> None:
        while os.read(sys.stdin.fileno(), 4096):
            pass
        self._reason = "the worker of this run is gone; it can be resumed"
        # A run that hangs in a long product must not outlive its worker for long.
        timer = threading.Timer(GRACE_SECONDS, os._exit, (Stopped.exit_code,))
        timer.daemon = True
        timer.start()

    def check(self) -> None:
        """Raises Stopped when somebody asked."""
        if self._reason is None and self._asked() not in (None, self._stale):
            self._reason = "stopped on request"
        if self._reason is not None:
            raise Stopped(self._reason)

    def _asked(self) -> int | None:
        """When the `stop` file was written (ns); None where there is none."""
        try:
            return os.stat(self._file).st_mtime_ns
        except FileNotFoundError:
            return None

    def clear(self) -> None:
        """Take away what was meant for the trainer before."""
        if self._stale is not None and self._asked() == self._stale:
            self._file.unlink(missing_ok=True)

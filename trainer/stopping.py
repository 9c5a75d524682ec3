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

    def __init__(self, folder: RunDir) -> None:
        self._file = str(folder.stop)
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
        if self._reason is None and os.path.exists(self._file):
            self._reason = "stopped on request"
        if self._reason is not None:
            raise Stopped(self._reason)

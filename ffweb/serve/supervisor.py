"""Starts the services in parallel, restarts what ends, stops everything within ten seconds."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import FrameType

from ffweb.serve.child import Child, Guard, Service
from ffweb.work.ending import WorkerEnd

TICK = 0.1  # seconds between two looks at the children
STOP_SECONDS = 8.0  # the services; a worker uses up to 6 of them to let its trainers write a checkpoint
STOP_BASE_SECONDS = 1.5


class Stop(Exception):
    """A signal asked for the end while the services were still starting."""


class Supervisor:
    """Owns the children. Use it from the main thread: it takes the signals."""

    def __init__(self, logs: Path, lock_fd: int, say: Callable[[str], None], *, stop_with_parent: bool = False) -> None:
        self._logs = logs
        self._say = say
        self._parent = os.getppid() if stop_with_parent else None
        self._signals = 0
        self.guard = Guard(lock_fd)
        self.children: list[Child] = []

    def take_signals(self) -> None:
        """From now on INT, TERM and HUP mean: stop everything. A second one means: at once."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._signals += 1

    @property
    def stopping(self) -> bool:
        return self._signals > 0 or (self._parent is not None and os.getppid() != self._parent)

    def log(self, name: str) -> Path:
        return self._logs / f"{name}.log"

    def pids(self) -> list[tuple[str, int]]:
        """Name and process of every child that runs now."""
        return [(child.service.name, child.process.pid) for child in self.children if child.process]

    def last_end(self, name: str) -> WorkerEnd | None:
        """How a child's last process ended that was not asked to by a signal of ours."""
        return next((child.last_end for child in self.children if child.service.name == name), None)

    def start(self, services: Sequence[Service], env: Mapping[str, str]) -> None:
        """Start all of them at once, without waiting for any."""
        for service in services:
            child = Child(service, self.log(service.name), env, self.guard, self._say)
            self.children.append(child)
            child.start()

    def wait_ready(self, seconds: float) -> list[str]:
        """Wait until every child is ready; returns the names of those that are not after `seconds`. Raises Stop."""
        deadline = time.monotonic() + seconds
        while True:
            self._tend()
            late = [child.service.name for child in self.children if not child.ready]
            if not late or time.monotonic() > deadline:
                return late
            if self.stopping:
                raise Stop
            time.sleep(TICK / 2)

    def watch(self, changed: Callable[[], None]) -> None:
        """Look after the children until a signal comes; `changed` is called when a process was replaced."""
        while not self.stopping:
            if self._tend():
                changed()
            time.sleep(TICK)

    def _tend(self) -> bool:
        self.guard.tend()
        replaced = [child.tend() for child in self.children]
        return any(replaced)

    def stop(self) -> None:
        """SIGTERM, then SIGKILL; first what leans on the base services, then those. Empties the guard's list."""
        asked = self._signals
        for base, seconds in ((False, STOP_SECONDS), (True, STOP_BASE_SECONDS)):
            children = [child for child in self.children if child.service.base == base]
            for child in children:
                child.signal(signal.SIGTERM)
            deadline = time.monotonic() + seconds
            while left := [child for child in children if not child.gone()]:
                if time.monotonic() > deadline or self._signals > asked + 1:
                    for child in left:
                        child.signal(signal.SIGKILL)
                time.sleep(TICK / 4)
        self.guard.close()

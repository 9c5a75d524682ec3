"""Runs as child processes: a fresh one each, so that peaks of memory are honest. Imports no torch."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from types import TracebackType

from trainer.reproduce.plan import Job
from trainer.rundir import RunDir, write_json

POLL_SECONDS = 0.1
Command = Callable[[Job, bool], list[str]]


def command(job: Job, resume: bool) -> list[str]:
    """The command line of a run; one that goes on takes its folder's config, so that its last bits stay the same."""
    start = [sys.executable, "-m", "trainer", "run", "--parent-pipe", "--out", str(job.folder)]
    return [*start, "--resume"] if resume else [*start, "--config", str(RunDir(job.folder).config)]


@dataclass
class Children:
    """At most `limit` runs at a time. Leaving the `with` block stops those that still run, at a checkpoint.

    A child also stops when this process is gone: the end of its stdin tells it.
    """

    limit: int = 1
    command: Command = command
    _running: dict[int, tuple[Job, subprocess.Popen[bytes]]] = field(default_factory=dict)

    def __enter__(self) -> Children:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for _, child in self._running.values():
            child.terminate()
        for _, child in self._running.values():
            child.wait()

    def run(self, jobs: Iterable[tuple[Job, bool]]) -> Iterator[tuple[Job, int]]:
        """Run the (job, whether it goes on)s, taken as there is room; yields each with its exit status as it ends."""
        waiting = iter(jobs)
        while True:
            while len(self._running) < self.limit and (following := next(waiting, None)):
                self._start(*following)
            if not self._running:
                return
            ended = [pid for pid, (_, child) in self._running.items() if child.poll() is not None]
            for pid in ended:
                job, child = self._running.pop(pid)
                if child.stdin:
                    child.stdin.close()
                yield job, child.returncode
            if not ended:
                time.sleep(POLL_SECONDS)

    def _start(self, job: Job, resume: bool) -> None:
        folder = RunDir(job.folder).create()
        if not resume:
            write_json(folder.config, job.config.model_dump(mode="json"))
        with contextlib.closing(folder.console.open("ab")) as console:
            child = subprocess.Popen(
                self.command(job, resume),
                stdin=subprocess.PIPE,
                stdout=console,
                stderr=None if self._shows_bars() else console,
                start_new_session=True,  # Ctrl-C in a terminal reaches this process alone, which then stops the runs
            )
        self._running[child.pid] = job, child

    def _shows_bars(self) -> bool:
        """Whether a run may draw its bar on our terminal."""
        return self.limit == 1 and sys.stderr.isatty()

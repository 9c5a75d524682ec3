"""One supervised process: started in its own session, restarted with a back-off, stopped as a group."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

import psutil

from ffweb.turning import turn_over
from ffweb.work.ending import WorkerEnd
from ffweb.work.processes import signal_group

FIRST_DELAY, LONGEST_DELAY, SETTLED = 1.0, 30.0, 30.0  # seconds
LAST_WORDS = 0.5  # seconds for a hung process to write where it is
LONGEST_LOG = 4 << 20  # bytes of a child's log before it is turned over; one turn is kept
GUARD = Path(__file__).with_name("guard.py")


@dataclass(frozen=True)
class Service:
    """What to run. `ready` is asked until it says yes; `alive` again and again after that (pulse.py): False where it
    does not answer, None where that cannot be known; `base` is stopped after the others, which lean on it."""

    name: str
    command: tuple[str, ...]
    ready: Callable[[], bool]
    alive: Callable[[], bool | None] | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    fds: tuple[int, ...] = ()
    base: bool = False


class Guard:
    """The process that ends the children when this one is gone; it holds the lock of the home folder until then."""

    def __init__(self, lock_fd: int) -> None:
        self._lock_fd = lock_fd
        self._groups: set[int] = set()
        self._process = self._start()

    def _start(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-I", "-S", str(GUARD)],
            stdin=subprocess.PIPE,
            text=True,
            start_new_session=True,
            pass_fds=(self._lock_fd,),
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    def add(self, group: int) -> None:
        self._groups.add(group)
        self._say(f"+{group}")

    def remove(self, group: int) -> None:
        self._groups.discard(group)
        self._say(f"-{group}")

    def tend(self) -> None:
        """Replace a guard that was killed, or stopped: it could not do what it is for."""
        if self._process.poll() is None and not _stopped(self.pid):
            return
        self._process.kill()
        self._process.wait(timeout=5)
        self._process = self._start()
        for group in self._groups:
            self._say(f"+{group}")

    def close(self) -> None:
        """Let it go: with an empty list it ends at once."""
        assert self._process.stdin
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.wait(timeout=5)

    def _say(self, line: str) -> None:
        assert self._process.stdin
        try:
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:  # killed: `tend` starts another and tells it everything
            return


def _stopped(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_STOPPED
    except psutil.NoSuchProcess:
        return True


class Child:
    """A service and the process that runs it now, if one does."""

    def __init__(
        self, service: Service, log: Path, env: Mapping[str, str], guard: Guard, say: Callable[[str], None]
    ) -> None:
        self.service = service
        self.log = log
        self.process: subprocess.Popen[bytes] | None = None
        self.last_end: WorkerEnd | None = None
        self._env = {**env, **service.env}
        self._guard = guard
        self._say = say
        self._delay = FIRST_DELAY
        self._started = 0.0
        self._next_start = 0.0
        self.was_ready = False
        self._hung: int | None = None  # the process that was ended because it did not answer

    @property
    def ready(self) -> bool:
        """Whether it runs and has said yes once since its start."""
        if self.process is None:
            return False
        self.was_ready = self.was_ready or self.service.ready()
        return self.was_ready

    def start(self) -> None:
        with self._open_log() as log:
            self.process = subprocess.Popen(
                self.service.command,
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=self.service.fds,
            )
        self._guard.add(self.process.pid)
        self._started = time.monotonic()
        self.was_ready = False

    def tend(self) -> bool:
        """Notice an end, restart when the back-off is over. True: a new process runs."""
        now = time.monotonic()
        turn_over(self.log, LONGEST_LOG)
        if self.process is None:
            return now >= self._next_start and self._start_again(now)
        if self.process.poll() is not None:
            self._ended(now)
        return False

    def _ended(self, now: float) -> None:
        assert self.process
        hung = self._hung == self.process.pid
        said = "did not answer and was ended" if hung else how(self.process.returncode)
        self.last_end = WorkerEnd(said, ours=hung)
        self._sweep()
        if now - self._started >= SETTLED:
            self._delay = FIRST_DELAY
        self._put_off(now, said)

    def _start_again(self, now: float) -> bool:
        """No place for its log, no memory for a process: the others go on, and it is tried again."""
        try:
            self.start()
        except OSError as error:
            self._put_off(now, f"could not be started ({error.strerror})")
            return False
        return True

    def _put_off(self, now: float, said: str) -> None:
        self._say(f"{self.service.name} {said}; starting it again in {self._delay:.0f} s (its log: {self.log})")
        self._next_start = now + self._delay
        self._delay = min(self._delay * 2, LONGEST_DELAY)

    def signal(self, number: int) -> None:
        """Send a signal to the process and whatever it started in its group."""
        if self.process is not None:
            signal_group(self.process.pid, number)

    def end_hung(self, process: subprocess.Popen[bytes]) -> None:
        """End a process that lives and does not answer; where it was goes into its log, if it still can say so."""
        if self.process is not process:
            return
        self._hung = process.pid
        signal_group(process.pid, signal.SIGUSR1)
        time.sleep(LAST_WORDS)
        signal_group(process.pid, signal.SIGKILL)

    def gone(self) -> bool:
        """Whether the process has ended; what it left in its group is killed then."""
        if self.process is None:
            return True
        if self.process.poll() is None:
            return False
        self._sweep()
        return True

    def _sweep(self) -> None:
        assert self.process
        self.signal(signal.SIGKILL)
        self._guard.remove(self.process.pid)
        self.process = None

    def _open_log(self) -> TextIO:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        turn_over(self.log, LONGEST_LOG)
        return self.log.open("a", encoding="utf-8")


def how(code: int) -> str:
    """How a process ended, in words."""
    if code >= 0:
        return f"ended with exit code {code}"
    try:
        return f"was killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"was killed by signal {-code}"

"""The trainer's process: started in a session of its own, told to stop, killed as a group."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from django.conf import settings

from ffweb.turning import turn_over
from ffweb.work import oom
from ffweb.work.machine import CPU
from ffweb.work.processes import born, signal_group
from trainer.rundir import RunDir, write_json

TAIL_BYTES = 8192
ROOM_BYTES = 1 << 20  # a disk with less room is full
LONGEST_CONSOLE = 16 << 20  # bytes of console.log before it is turned over; one turn is kept
# The trainer has no business with them.
SECRETS = ("REDIS_URL", "DATABASE_URL", "FFWEB_SECRET_KEY", "DJANGO_SETTINGS_MODULE")


def command(folder: RunDir, *, resume: bool, changes: str = "") -> list[str]:
    """The command line of a run's trainer; `changes` are `--set` paths that this worker insists on."""
    program = shlex.split(settings.TRAINER) or [sys.executable, "-m", "trainer"]
    words = [*program, "run", "--config", str(folder.config), "--out", str(folder.path), "--parent-pipe"]
    for change in changes.split():
        words += ["--set", change]
    return [*words, "--resume"] if resume else words


def environment(base: Mapping[str, str], queue: str) -> dict[str, str]:
    """What the trainer sees: no secrets; no GPU for a run of the cpu queue; its share of the cores."""
    hidden = {*SECRETS, *(f"{name}_FILE" for name in SECRETS)}
    env = {name: value for name, value in base.items() if name not in hidden}
    env |= {"PYTHONUNBUFFERED": "1", "PYTHONFAULTHANDLER": "1", "FFWEB_HOME": str(settings.HOME)}
    if queue == CPU:
        env["CUDA_VISIBLE_DEVICES"] = ""
    slots = int(base.get("FFWEB_WORKER_SLOTS", "1"))
    if slots > 1:
        env.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // slots)))
    return env


class Trainer:
    """One trainer process. Its standard input is a pipe whose end tells it that its worker is gone."""

    def __init__(self, folder: RunDir, config: object, queue: str, *, resume: bool) -> None:
        """Start it. Raises OSError where the folder cannot be written or the program cannot be started."""
        self.folder = folder
        folder.create()
        folder.stop.unlink(missing_ok=True)
        if not (resume and folder.config.exists()):  # a folder that refuses to go on keeps what it has
            write_json(folder.config, config)
        self._oom_before = oom.kills()
        self._console_start = folder.console.stat().st_size if folder.console.exists() else 0
        with folder.console.open("ab") as console:
            self.process = subprocess.Popen(
                command(folder, resume=resume, changes=os.environ.get("FFWEB_WORKER_SET", "")),
                env=environment(os.environ, queue),
                cwd=settings.BASE_DIR,
                stdin=subprocess.PIPE,
                stdout=console,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.pid = self.process.pid
        self.birth = born(self.pid)

    def wait(self, seconds: float) -> int | None:
        """Its exit status (negative: the signal) if it ends within `seconds`, else None."""
        try:
            return self.process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            return None

    def ask_to_stop(self) -> None:
        """Say it in both ways that the trainer knows: the `stop` file and SIGTERM."""
        with suppress(OSError):  # a full disk: the signal says it too
            self.folder.stop.touch()
        signal_group(self.pid, signal.SIGTERM)

    def kill(self) -> None:
        """End the whole group now; also sweeps up what an ended trainer left in it."""
        signal_group(self.pid, signal.SIGKILL)
        if self.process.stdin:
            self.process.stdin.close()
        self.process.wait(timeout=10)

    def out_of_memory(self) -> bool:
        return self.process.returncode == -signal.SIGKILL and oom.killed_since(self._oom_before)

    def disk_full(self) -> bool:
        try:
            return shutil.disk_usage(self.folder.path).free < ROOM_BYTES
        except OSError:
            return False

    def bound_console(self) -> None:
        """Whatever the trainer prints: the disk is not filled by it."""
        if turn_over(self.folder.console, LONGEST_CONSOLE):
            self._console_start = 0

    def console_tail(self) -> str:
        return tail(self.folder.console, self._console_start)


def tail(path: Path, start: int = 0) -> str:
    """The last lines of a file, at most 8 kB, nothing from before byte `start`; empty where there is none."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            first = max(start, size - TAIL_BYTES)
            file.seek(first)
            text = file.read(TAIL_BYTES).decode(errors="replace")
    except OSError:
        return ""
    return text if first == start else text.partition("\n")[2]

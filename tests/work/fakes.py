"""What the tests of working need beside fixtures: waiting, run folders, a worker process, a fake trainer."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection

from ffweb.runs.models import Run
from ffweb.work.ending import WorkerEnd
from ffweb.work.janitor import Janitor
from tests.waiting import PATIENCE
from trainer.rundir import RunDir

ROOT = Path(__file__).resolve().parents[2]
FAKE_TRAINER = shlex.join([sys.executable, str(Path(__file__).with_name("fake_trainer.py"))])


def folder(run: Run) -> RunDir:
    return RunDir(settings.RUNS_DIR / run.pk)


def starts(run: Run) -> int:
    """How many trainers were started for this run."""
    file = folder(run).path / "starts"
    return len(file.read_text().splitlines()) if file.exists() else 0


def again(run: Run) -> Run:
    run.refresh_from_db()
    return run


def database_url() -> str:
    """The database of the tests, for another process."""
    name = connection.settings_dict["NAME"]
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    return urlsplit(settings.DATABASE_URL)._replace(path=f"/{name}").geturl()


class WatchedSeconds:
    """A clock that goes on by one second a look."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 1.0
        return self.now


def patient(told: Callable[[str], WorkerEnd | None] = lambda node: None) -> Janitor:
    """A janitor to whom a second passes with each sweep."""
    return Janitor(told, WatchedSeconds())


def sweep(janitor: Janitor | None = None, times: int = 16) -> list[str]:
    """Sweep for longer than any lease lasts, a janitor's own aside; returns all runs that were taken."""
    janitor = janitor or patient()
    return [run_id for _ in range(times) for run_id in janitor.sweep()]


class RealWorker:
    """A worker process as the supervisor starts it."""

    def __init__(self, redis_url: str, name: str = "cpu", queue: str = "cpu", slots: int = 1, **env: str) -> None:
        self.node = f"{name}@test"
        variables = {
            **os.environ,
            "FFWEB_HOME": str(settings.HOME),
            "DATABASE_URL": database_url(),
            "REDIS_URL": redis_url,
            "FFWEB_TRAINER": FAKE_TRAINER,
            "CELERY_SKIP_CHECKS": "1",
            **env,
        }
        command = [sys.executable, "-m", "ffweb.work.worker", self.node, queue, str(slots)]
        self.process = subprocess.Popen(command, cwd=ROOT, env=variables, start_new_session=True)

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(timeout=PATIENCE)

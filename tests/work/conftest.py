"""Runs to work on, a trainer that trains nothing, and the real embedded server for tests with a real worker."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings, settings
from kombu import Connection

from ffweb.celery import app
from ffweb.people.models import User
from ffweb.runs.models import Run
from ffweb.serve.embedded import Embedded, answers
from ffweb.work.bell import CLAIM
from trainer.rundir import RunDir

ROOT = Path(__file__).resolve().parents[2]
FAKE_TRAINER = shlex.join([sys.executable, str(Path(__file__).with_name("fake_trainer.py"))])


def wait_until(true: Callable[[], Any], seconds: float, what: str) -> float:
    """Wait until `true()`; returns the seconds it took. Fails after `seconds`."""
    begun = time.monotonic()
    while not true():
        if time.monotonic() - begun > seconds:
            pytest.fail(f"not within {seconds} s: {what}")
        time.sleep(0.02)
    return time.monotonic() - begun


def folder(run: Run) -> RunDir:
    return RunDir(settings.RUNS_DIR / run.pk)


def starts(run: Run) -> int:
    """How many trainers were started for this run."""
    file = folder(run).path / "starts"
    return len(file.read_text().splitlines()) if file.exists() else 0


def again(run: Run) -> Run:
    run.refresh_from_db()
    return run


@pytest.fixture
def fake_trainer(settings: LazySettings) -> None:
    settings.TRAINER = FAKE_TRAINER


@pytest.fixture
def queue_run() -> Callable[..., Run]:
    """Queue a run whose fake trainer behaves as the keywords say."""

    def make(queue: str = "cpu", **fake: Any) -> Run:
        owner, _ = User.objects.get_or_create(username="alice")
        return Run.objects.create(name="fake", owner=owner, config={"fake": fake}, queue=queue)

    return make


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The real embedded server, for the whole session."""
    server = Embedded.new(tmp_path_factory.mktemp("redis"))
    process = subprocess.Popen(server.command(), stdout=subprocess.DEVNULL)
    wait_until(lambda: answers(server.url), 10, "the embedded server answers")
    yield server.url
    process.terminate()
    process.wait(timeout=10)


class RealWorker:
    """A worker process as the supervisor starts it."""

    def __init__(self, redis_url: str, name: str = "cpu", queue: str = "cpu", slots: int = 1, **env: str) -> None:
        self.node = f"{name}@test"
        variables = {
            **os.environ,
            "FFWEB_HOME": str(settings.HOME),
            "DATABASE_URL": f"sqlite:///{settings.DATABASES['default']['NAME']}",
            "REDIS_URL": redis_url,
            "FFWEB_TRAINER": FAKE_TRAINER,
            "CELERY_SKIP_CHECKS": "1",
            **env,
        }
        command = [sys.executable, "-m", "ffweb.work.worker", self.node, queue, str(slots)]
        self.process = subprocess.Popen(command, cwd=ROOT, env=variables, start_new_session=True)

    def stop(self, seconds: float = 15) -> int:
        self.process.terminate()
        return self.process.wait(timeout=seconds)


@pytest.fixture
def start_worker(redis_url: str, transactional_db: None) -> Iterator[Callable[..., RealWorker]]:
    """Start workers; those that are left are killed in the end."""
    started: list[RealWorker] = []

    def start(**options: Any) -> RealWorker:
        started.append(RealWorker(redis_url, **options))
        return started[-1]

    yield start
    for worker in started:
        worker.process.kill()
        worker.process.wait(timeout=10)


@pytest.fixture
def ring_bell(redis_url: str) -> Iterator[Callable[..., None]]:
    """Ring over the real server: the test process itself is configured without one."""
    with Connection(redis_url) as connection:

        def ring(queue: str = "cpu", times: int = 1) -> None:
            for _ in range(times):
                app.send_task(CLAIM, queue=queue, connection=connection)

        yield ring

"""Runs to work on, and the real embedded server for tests with a real worker."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import LazySettings

from ffweb.celery import app
from ffweb.people.models import User
from ffweb.runs.models import Run
from ffweb.serve.embedded import Embedded, answers
from ffweb.work.bell import CLAIM
from tests.waiting import PATIENCE, wait_until
from tests.work.fakes import FAKE_TRAINER, RealWorker


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
    wait_until(lambda: answers(server.url), "the embedded server answers")
    yield server.url
    process.terminate()
    process.wait(timeout=PATIENCE)


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
        worker.process.wait(timeout=PATIENCE)


@pytest.fixture
def ring_bell(redis_url: str) -> Iterator[Callable[..., None]]:
    """Ring over the real server: the test process itself is configured without one."""
    with app.connection_for_write(redis_url) as connection:

        def ring(queue: str = "cpu", times: int = 1) -> None:
            for _ in range(times):
                app.send_task(CLAIM, queue=queue, connection=connection)

        yield ring

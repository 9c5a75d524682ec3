"""Real worker processes on the real embedded server. The trainer is a process that trains nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from django.conf import settings
from django.db import connection

from ffweb.runs import status
from ffweb.runs.models import Run
from ffweb.work import home
from ffweb.work.janitor import Janitor
from ffweb.work.models import Worker
from tests.waiting import PATIENCE, wait_until
from tests.work.fakes import RealWorker, again, database_url, folder, starts

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.services]
QueueRun = Callable[..., Run]
StartWorker = Callable[..., RealWorker]
Ring = Callable[..., None]


def arrived(worker: RealWorker) -> bool:
    assert worker.process.poll() is None, "the worker ended"
    return Worker.objects.filter(name=worker.node).exists()


def trainers_of(run: Run) -> list[psutil.Process]:
    return [p for p in psutil.process_iter(["cmdline"]) if str(folder(run).config) in (p.info["cmdline"] or [])]


@pytest.fixture
def janitor() -> Iterator[None]:
    """A janitor at its work, in this process."""
    stop = threading.Event()
    thread = threading.Thread(target=Janitor().run, args=(stop,))
    thread.start()
    yield
    stop.set()
    thread.join(timeout=PATIENCE)


def test_many_bells_start_a_run_once_and_runs_go_in_order(
    start_worker: StartWorker, queue_run: QueueRun, ring_bell: Ring
) -> None:
    worker, other = start_worker(name="a"), start_worker(name="b")
    wait_until(lambda: arrived(worker) and arrived(other), "both workers are there")
    runs = [queue_run(steps=5) for _ in range(3)]
    ring_bell(times=12)
    wait_until(lambda: all(again(run).status == status.FINISHED for run in runs), "all have finished")
    assert [starts(run) for run in runs] == [1, 1, 1]
    began = [run.started.timestamp() for run in runs if run.started]
    assert len(began) == 3
    assert began == sorted(began)
    assert {run.worker for run in runs} <= {worker.node, other.node}
    assert worker.stop() == 0
    assert other.stop() == 0
    assert not Worker.objects.exists()


def test_an_idle_worker_takes_what_a_busy_one_cannot(
    start_worker: StartWorker, queue_run: QueueRun, ring_bell: Ring
) -> None:
    busy = start_worker(name="busy")
    wait_until(lambda: arrived(busy), "the first worker is there")
    long, short = queue_run(steps=10_000, pause=0.05), queue_run(steps=3)
    ring_bell(times=3)
    wait_until(lambda: again(long).status == status.RUNNING, "the first run is running")
    idle = start_worker(name="idle")
    wait_until(lambda: again(short).status == status.FINISHED, "the other worker heard the bell")
    assert short.worker == idle.node
    Run.objects.filter(pk=long.pk).update(stop_requested=True)
    wait_until(lambda: again(long).status == status.STOPPED, "stopped")


def test_kill_9_of_the_trainer_is_told(start_worker: StartWorker, queue_run: QueueRun, ring_bell: Ring) -> None:
    worker = start_worker()
    run = queue_run(steps=10_000, pause=0.02)
    wait_until(lambda: arrived(worker), "the worker is there")
    ring_bell()
    wait_until(lambda: again(run).step >= 10 and run.trainer_pid, "ten steps")
    assert run.trainer_pid
    os.kill(run.trainer_pid, signal.SIGKILL)
    wait_until(lambda: again(run).status == status.FAILED, "failed")
    assert "SIGKILL" in run.reason
    assert run.seq == folder(run).events.read_bytes().count(b"\n")


def test_kill_9_of_the_worker_is_told_and_leaves_nothing(
    start_worker: StartWorker, queue_run: QueueRun, ring_bell: Ring, janitor: None
) -> None:
    worker = start_worker(slots=2)
    polite, stubborn = (
        queue_run(steps=10_000, pause=0.02),
        queue_run(steps=10_000, pause=0.02, orphan=True, ignore=True),
    )
    wait_until(lambda: arrived(worker), "the worker is there")
    ring_bell(times=2)
    wait_until(lambda: all(again(run).step >= 5 for run in (polite, stubborn)), "both train")
    worker.process.kill()
    wait_until(lambda: not trainers_of(polite), "a trainer ends itself when its worker is gone")
    wait_until(lambda: not Run.objects.filter(status__in=status.ACTIVE).exists(), "nothing says running")
    for run in (polite, stubborn):
        assert again(run).status == status.LOST
        assert run.worker in run.reason
        assert run.seq == folder(run).events.read_bytes().count(b"\n")
        assert not trainers_of(run)


def test_a_worker_told_to_end_gives_its_run_back_and_the_next_one_goes_on(
    start_worker: StartWorker, queue_run: QueueRun, ring_bell: Ring
) -> None:
    worker = start_worker()
    run = queue_run(steps=150, pause=0.02)
    wait_until(lambda: arrived(worker), "the worker is there")
    ring_bell()
    wait_until(lambda: again(run).step >= 5, "it trains")
    assert worker.stop() == 0
    again(run)
    assert (run.status, run.resume_wanted) == (status.QUEUED, True)
    assert not trainers_of(run)
    successor = start_worker(name="next")
    wait_until(lambda: arrived(successor), "the next worker is there")
    ring_bell()
    wait_until(lambda: again(run).status == status.FINISHED, "it goes on by itself")
    assert (run.step, starts(run), run.worker) == (150, 2, successor.node)


def test_the_run_of_a_frozen_worker_goes_on_elsewhere_and_nothing_is_lost_or_doubled(
    start_worker: StartWorker, queue_run: QueueRun, ring_bell: Ring, janitor: None
) -> None:
    worker = start_worker(name="frozen")
    run = queue_run(steps=100_000, pause=0.02)
    wait_until(lambda: arrived(worker), "the worker is there")
    ring_bell()
    wait_until(lambda: again(run).step >= 5 and run.trainer_pid, "it trains")
    worker.process.send_signal(signal.SIGSTOP)
    wait_until(lambda: again(run).status != status.RUNNING, "the run is taken from it")
    assert (run.status, run.resume_wanted) == (status.QUEUED, True)
    assert "goes on by itself" in run.reason
    assert not [p for p in trainers_of(run) if p.status() != psutil.STATUS_ZOMBIE]
    successor = start_worker(name="next")
    wait_until(lambda: arrived(successor), "another worker is there")
    ring_bell()
    wait_until(lambda: again(run).status == status.RUNNING, "it goes on")
    worker.process.send_signal(signal.SIGCONT)
    before = again(run).step
    wait_until(lambda: again(run).step > before + 100, "it trains on")
    Run.objects.filter(pk=run.pk).update(stop_requested=True)
    wait_until(lambda: again(run).status == status.STOPPED, "stopped")
    assert (starts(run), run.worker) == (2, successor.node)
    assert run.seq == folder(run).events.read_bytes().count(b"\n")


HOLD_THE_LOCK = """
import sys, time, django
django.setup()
from django.db import transaction
with transaction.atomic():
    print("held", flush=True)
    time.sleep(float(sys.argv[1]))
"""


@pytest.mark.skipif(connection.vendor != "sqlite", reason="one lock for all writers is SQLite's")
def test_a_database_that_takes_no_writes_for_longer_than_a_lease_ends_no_run(
    start_worker: StartWorker, queue_run: QueueRun, ring_bell: Ring, janitor: None
) -> None:
    worker = start_worker()
    run = queue_run(steps=10_000, pause=0.02)
    wait_until(lambda: arrived(worker), "the worker is there")
    ring_bell()
    wait_until(lambda: again(run).step >= 5 and run.trainer_pid, "it trains")
    env = {**os.environ, "DATABASE_URL": database_url(), "FFWEB_HOME": str(settings.HOME)}
    command = [sys.executable, "-c", HOLD_THE_LOCK, "14"]
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == b"held\n"
        before, trainer = again(run).step, run.trainer_pid
    wait_until(lambda: again(run).step > before, "its events are stored again")
    Run.objects.filter(pk=run.pk).update(stop_requested=True)
    wait_until(lambda: again(run).status == status.STOPPED, "stopped")
    assert (starts(run), run.status) == (1, status.STOPPED)
    assert trainer


def test_a_worker_that_does_not_see_the_runs_takes_none_and_says_so(
    start_worker: StartWorker, queue_run: QueueRun, ring_bell: Ring, tmp_path: Path
) -> None:
    assert home.mark() is None
    worker = start_worker(FFWEB_HOME=str(tmp_path))
    run = queue_run(steps=3)
    wait_until(lambda: arrived(worker), "the worker is there")
    trouble = Worker.objects.get(name=worker.node).trouble
    assert f"FFWEB_HOME={tmp_path} is not the folder that this site keeps its runs in" in trouble
    ring_bell()
    for _ in range(3):  # as many reports as it takes to answer a bell twice over
        before = Worker.objects.get(name=worker.node).seen
        wait_until(lambda: Worker.objects.get(name=worker.node).seen != before, "it lives")  # noqa: B023
    assert again(run).status == status.QUEUED
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / home.MARK).write_text((settings.RUNS_DIR / home.MARK).read_text())  # mounted, as it were
    wait_until(lambda: not Worker.objects.get(name=worker.node).trouble, "it sees them")
    ring_bell()
    wait_until(lambda: again(run).status == status.FINISHED, "now it works")


def test_the_bell_never_raises_when_redis_is_away() -> None:
    code = "import django; django.setup(); from ffweb.work.bell import ring; print(ring('cpu'))"
    env = {**os.environ, "REDIS_URL": "redis://127.0.0.1:9/0", "FFWEB_HOME": str(settings.HOME)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, timeout=PATIENCE, check=True
    )
    assert done.stdout.strip() == "False"
    assert "janitor will ring again" in done.stderr

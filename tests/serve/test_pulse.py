"""Services that live and do not answer."""

from __future__ import annotations

import os
import random
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ffweb.serve.child import Child, Guard, Service
from ffweb.serve.pulse import HUNG_SECONDS, LONGEST_GAP, Pulse
from ffweb.work.beat import Beat
from tests.serve.locking import is_locked, write_lock
from tests.serve.sites import Site, running
from tests.waiting import wait_until

SLEEP = (
    "import faulthandler, signal, time; faulthandler.register(signal.SIGUSR1); print('up', flush=True); time.sleep(600)"
)
ROUNDS = int(HUNG_SECONDS / LONGEST_GAP) + 1


@pytest.fixture
def child(tmp_path: Path) -> Iterator[Callable[[Callable[[], bool | None]], Child]]:
    """A child that answers as it is told."""
    guard = Guard(os.open(tmp_path / "lock", os.O_CREAT | os.O_RDWR))
    made: list[Child] = []

    def start(alive: Callable[[], bool | None]) -> Child:
        service = Service("it", (sys.executable, "-c", SLEEP), lambda: True, alive)
        made.append(Child(service, tmp_path / "it.log", os.environ, guard, lambda line: None))
        made[-1].start()
        wait_until(lambda: "up" in (tmp_path / "it.log").read_text(), "it is up")
        assert made[-1].ready
        return made[-1]

    yield start
    for one in made:
        one.signal(signal.SIGKILL)
        wait_until(one.gone, "gone")
    guard.close()


def pulse(child: Child) -> Pulse:
    """As many seconds pass with each round as may count."""
    seconds = iter(range(0, 10**6, int(LONGEST_GAP)))
    return Pulse([child], threading.Event(), lambda: float(next(seconds)))


def test_who_stays_silent_is_ended_and_says_where_it_was(child: Callable[..., Child], tmp_path: Path) -> None:
    silent = child(lambda: False)
    watcher = pulse(silent)
    for _ in range(ROUNDS - 1):
        watcher.ask()
        assert silent.process is not None
        assert silent.process.poll() is None
    watcher.ask()
    wait_until(lambda: silent.tend() or silent.process is None, "it has ended")
    assert silent.last_end is not None
    assert silent.last_end.ours
    assert "time.sleep" in (tmp_path / "it.log").read_text() or "<string>" in (tmp_path / "it.log").read_text()


@pytest.mark.parametrize("answers", [(True,), (None,), (False, True), (False, False, None)])
def test_who_answers_now_and_then_is_left_alone(child: Callable[..., Child], answers: tuple[bool | None, ...]) -> None:
    turn = iter(answers * 20)
    well = child(lambda: next(turn))
    watcher = pulse(well)
    for _ in range(ROUNDS * 3):
        watcher.ask()
    assert well.process is not None
    assert well.process.poll() is None


def test_a_worker_answers_by_touching_its_file(tmp_path: Path) -> None:
    alive = Beat(tmp_path / "cpu.beat")
    assert alive() is None
    (tmp_path / "cpu.beat").touch()
    assert alive() is True
    assert alive() is False
    os.utime(tmp_path / "cpu.beat", ns=(1, 1))  # whatever the clock says
    assert alive() is True


@pytest.mark.services
@pytest.mark.timeout(600)
def test_frozen_services_of_a_site_are_replaced_and_it_answers_again(start_site: Callable[..., Site]) -> None:
    site = start_site()
    site.wait_ready()
    before = site.pids()
    frozen = ("web", "redis", "cpu")
    for name in frozen:
        os.kill(before[name], signal.SIGSTOP)

    def replaced() -> bool:
        now = site.pids()
        return all(now.get(name, before[name]) != before[name] and running(now[name]) for name in frozen)

    with write_lock(str(site.home / "ffweb.sqlite3")):  # as by one that was frozen while it wrote
        wait_until(replaced, "all three are other processes")
    wait_until(site.answers, "the site answers")
    assert "web did not answer and was ended; starting it again" in site.said


LAUNCH = """
from ffweb.people.models import User
from ffweb.runs.launch import create_run
user = User.objects.create(username="alice")
print(create_run(user, preset="ff-digits", changes={"schedule.epochs": 1000, "metrics.every_steps": 1}).pk)
"""


def freeze_in_its_write(pid: int, database: str) -> None:
    """Stop a process while it has SQLite's write lock, which it has for a moment at a time."""
    moments = random.Random(0)

    def hit() -> bool:
        os.kill(pid, signal.SIGSTOP)
        if is_locked(database):
            return True
        os.kill(pid, signal.SIGCONT)
        time.sleep(moments.random() / 50)
        return False

    wait_until(hit, "it was met in a write")


@pytest.mark.services
@pytest.mark.timeout(900)
def test_a_worker_frozen_in_its_write_takes_the_database_from_nobody_for_long(start_site: Callable[..., Site]) -> None:
    site = start_site()
    site.wait_ready()
    run = site.manage("shell", "-v0", "-c", LAUNCH).split()[-1]
    database, events = str(site.home / "ffweb.sqlite3"), site.home / "runs" / run / "events.jsonl"
    wait_until(lambda: events.exists() and b'"metrics"' in events.read_bytes(), "it trains")
    worker = site.pids()["cpu"]
    freeze_in_its_write(worker, database)
    wait_until(lambda: site.pids().get("cpu", worker) != worker, "another worker is in its place")
    wait_until(lambda: not is_locked(database), "the database takes writes")
    begun = events.read_bytes().count(b'"kind":"start"')
    wait_until(lambda: events.read_bytes().count(b'"kind":"start"') > begun, "the run goes on by itself")

"""The supervisor's parts, on children that only sleep."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ffweb.serve import child as children
from ffweb.serve.child import Child, Guard, Service, how
from ffweb.serve.supervisor import Supervisor
from ffweb.work.ending import WorkerEnd
from tests.serve.sites import ROOT, running
from tests.waiting import PATIENCE, wait_until

SLEEP = "import time; time.sleep(600)"
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"
)
WITH_CHILD = (
    f"import subprocess, sys; print(subprocess.Popen([sys.executable, '-c', {SLEEP!r}]).pid, flush=True); {SLEEP}"
)


@pytest.fixture
def guard(tmp_path: Path) -> Iterator[Guard]:
    fd = os.open(tmp_path / "lock", os.O_RDWR | os.O_CREAT)
    guard = Guard(fd)
    yield guard
    guard.close()
    os.close(fd)


@pytest.fixture
def make(tmp_path: Path, guard: Guard) -> Iterator[Callable[..., Child]]:
    made: list[Child] = []

    def make(code: str, **options: object) -> Child:
        service = Service("it", (sys.executable, "-c", code), lambda: True)
        made.append(Child(service, tmp_path / "it.log", os.environ, guard, said.append))
        return made[-1]

    said: list[str] = []
    make.said = said  # type: ignore[attr-defined]
    yield make
    for child in made:
        child.signal(signal.SIGKILL)
        wait_until(child.gone, "gone")


def test_a_crash_is_followed_by_restarts_ever_further_apart(
    make: Callable[..., Child], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(children, "LONGEST_DELAY", 3.0)
    child = make("raise SystemExit(3)")
    child._delay = 0.01
    delays = []
    for _ in range(4):
        wait_until(child.tend, "started")
        wait_until(lambda: child.tend() or child.process is None, "ended")
        delays.append(child._delay)
        child._next_start = 0.0
    assert delays == [0.02, 0.04, 0.08, 0.16]
    assert child.last_end == WorkerEnd("ended with exit code 3")
    assert "it ended with exit code 3; starting it again" in make.said[0]  # type: ignore[attr-defined]


def test_what_cannot_be_started_is_tried_again_and_takes_nothing_with_it(
    make: Callable[..., Child], monkeypatch: pytest.MonkeyPatch
) -> None:
    child = make("raise SystemExit(3)")
    child._delay = 0.01
    with monkeypatch.context() as patch:
        patch.setattr(subprocess, "Popen", lambda *a, **k: raise_(OSError(errno.ENOSPC, "No space left on device")))
        assert child.tend() is False
    assert "could not be started (No space left on device)" in make.said[0]  # type: ignore[attr-defined]
    wait_until(child.tend, "started")


def raise_(error: Exception) -> None:
    raise error


def test_the_back_off_is_forgotten_after_a_while_of_health(
    make: Callable[..., Child], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(children, "SETTLED", 0.0)
    child = make("raise SystemExit(3)")
    child._delay = 16.0
    child.start()
    wait_until(lambda: child.tend() or child.process is None, "ended")
    assert child._delay == 2.0


def test_what_a_child_started_goes_with_it(make: Callable[..., Child]) -> None:
    child = make(WITH_CHILD)
    child.start()
    wait_until(lambda: child.log.read_text().strip(), "the grandchild runs")
    grandchild = int(child.log.read_text())
    assert child.process
    child.process.kill()
    wait_until(lambda: child.tend() or child.process is None, "ended")
    wait_until(lambda: not running(grandchild), "the grandchild is gone")


def test_how_a_process_ended() -> None:
    assert how(1) == "ended with exit code 1"
    assert how(-9) == "was killed by SIGKILL"
    assert how(-99) == "was killed by signal 99"


def test_a_log_that_has_grown_is_turned_over(make: Callable[..., Child], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "LONGEST_LOG", 10)
    child = make("print('new')")
    child.log.write_text("old " * 10)
    child.start()
    wait_until(lambda: child.log.read_text() == "new\n", "a new log")
    assert child.log.with_suffix(".log.1").read_text().startswith("old")


def test_stop_kills_what_does_not_listen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ffweb.serve.supervisor.STOP_SECONDS", 0.5)
    fd = os.open(tmp_path / "lock", os.O_RDWR | os.O_CREAT)
    keeper = Supervisor(tmp_path, fd, print)
    service = Service("stubborn", (sys.executable, "-c", STUBBORN), lambda: "up" in keeper.log("stubborn").read_text())
    keeper.start([service], os.environ)
    assert keeper.wait_ready(PATIENCE) == []
    pid = dict(keeper.pids())["stubborn"]
    keeper.stop()
    assert not running(pid)
    assert not running(keeper.guard.pid)
    os.close(fd)


def test_a_child_that_is_never_ready_is_named(tmp_path: Path) -> None:
    fd = os.open(tmp_path / "lock", os.O_RDWR | os.O_CREAT)
    keeper = Supervisor(tmp_path, fd, print)
    keeper.start([Service("slow", (sys.executable, "-c", SLEEP), lambda: False)], os.environ)
    assert keeper.wait_ready(0.2) == ["slow"]
    keeper.stop()
    os.close(fd)


OWNER = f"""
import os, sys
from pathlib import Path
from ffweb.serve.child import Service
from ffweb.serve.supervisor import Supervisor
from ffweb.work.ending import WorkerEnd
home = Path(sys.argv[1])
keeper = Supervisor(home, os.open(home / "lock", os.O_RDWR | os.O_CREAT), print, stop_with_parent=True)
keeper.take_signals()
keeper.start([Service("a", (sys.executable, "-c", {SLEEP!r}), lambda: True)], os.environ)
keeper.wait_ready(5)
print(keeper.guard.pid, *(pid for _, pid in keeper.pids()), flush=True)
keeper.watch(lambda: None)
keeper.stop()
"""


def start_owner(home: Path, *before: str) -> tuple[subprocess.Popen[str], list[int]]:
    command = [*before, sys.executable, "-c", OWNER, str(home)]
    owner = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert owner.stdout
    pids = [int(word) for word in owner.stdout.readline().split()]
    assert len(pids) == 2
    return owner, pids


def test_the_guard_ends_what_a_killed_supervisor_leaves(tmp_path: Path) -> None:
    owner, pids = start_owner(tmp_path)
    owner.kill()
    owner.wait(timeout=PATIENCE)
    wait_until(lambda: not any(running(pid) for pid in pids), "nothing is left")
    assert owner.stdout
    owner.stdout.close()


def test_all_stop_when_the_starting_process_is_gone(tmp_path: Path) -> None:
    owner, pids = start_owner(tmp_path, sys.executable, "-c", "import subprocess, sys; subprocess.run(sys.argv[1:])")
    owner.kill()
    owner.wait(timeout=PATIENCE)
    wait_until(lambda: not any(running(pid) for pid in pids), "nothing is left")
    assert owner.stdout
    owner.stdout.close()

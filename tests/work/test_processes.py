"""Processes by pid and birth."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import psutil
import pytest

from ffweb.work import processes
from tests.waiting import PATIENCE


@pytest.fixture
def other() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True) as process:
        yield process
        process.kill()


def test_a_process_is_known_by_its_birth_whatever_the_wall_clock_says(
    other: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    birth = processes.born(other.pid)
    monkeypatch.setattr("psutil._pslinux.boot_time", lambda: 0.0, raising=False)  # as after the clock was set
    assert processes.born(other.pid) == birth
    assert processes.runs(other.pid, birth)
    assert not processes.runs(other.pid, birth + 60)
    assert not processes.runs(None, birth)


def test_a_frozen_one_runs_and_a_zombie_does_not(other: subprocess.Popen[bytes]) -> None:
    birth = processes.born(other.pid)
    other.send_signal(signal.SIGSTOP)
    assert processes.runs(other.pid, birth)
    assert processes.end([(other.pid, birth)], 0.1) == {other.pid}  # SIGTERM waits until it is thawed, SIGKILL does not
    assert psutil.Process(other.pid).status() == psutil.STATUS_ZOMBIE
    assert not processes.runs(other.pid, birth)


def test_one_that_is_gone(other: subprocess.Popen[bytes]) -> None:
    birth = processes.born(other.pid)
    other.kill()
    other.wait(PATIENCE)
    assert not processes.runs(other.pid, birth)
    assert processes.end([(other.pid, birth), (os.getpid(), birth)], 0.1) == set()
    with pytest.raises(psutil.NoSuchProcess):
        processes.born(other.pid)

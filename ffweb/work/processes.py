"""Processes of this machine that are known by pid and birth, since pids are reused: whether they run, and their end."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

import psutil

SAME_SECONDS = 1.0  # two births closer than this are one


def born(pid: int) -> float:
    """When a process began, in seconds that no set clock changes: since the boot, where the kernel tells.

    psutil adds the boot's time, which moves with the wall clock. Raises psutil.NoSuchProcess.
    """
    stat = Path(f"/proc/{pid}/stat")
    try:
        fields = stat.read_bytes().rpartition(b")")[2].split()  # the name before may hold anything
    except FileNotFoundError:
        return psutil.Process(pid).create_time()
    except ProcessLookupError as error:
        raise psutil.NoSuchProcess(pid) from error
    return int(fields[19]) / os.sysconf("SC_CLK_TCK")


def runs(pid: int | None, birth: float | None) -> bool:
    """Whether the process that was born then under this pid is there, frozen maybe, but no zombie."""
    if pid is None or birth is None:
        return False
    try:
        return abs(born(pid) - birth) < SAME_SECONDS and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def signal_group(group: int, number: int) -> None:
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return


def end(groups: Iterable[tuple[int, float]], seconds: float) -> set[int]:
    """End process groups whose leaders are given as (pid, birth): SIGTERM, then after `seconds` SIGKILL.

    Returns the pids of those that still ran.
    """
    alive = {pid: birth for pid, birth in groups if runs(pid, birth)}
    for number, patience in ((signal.SIGTERM, seconds), (signal.SIGKILL, 1.0)):
        for pid in alive:
            signal_group(pid, number)
        _wait(alive, patience)
    return set(alive)


def _wait(processes: Mapping[int, float], seconds: float) -> None:
    """Until all have ended. Not psutil's: a parent that is frozen leaves them zombies."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and any(runs(pid, birth) for pid, birth in processes.items()):
        time.sleep(0.05)

"""How much memory this machine has to give, and whether a run fits in it. Imports no torch."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from trainer.errors import Problem

if TYPE_CHECKING:
    from trainer.estimate import Estimate

CGROUPS = Path("/sys/fs/cgroup")
OWN_GROUPS = Path("/proc/self/cgroup")
_FIELDS = {
    "data": ("data.train_size", "fewer examples"),
    "activations": ("schedule.batch_size", "a smaller batch"),
    "weights": ("architecture.hidden", "narrower or fewer layers"),
    "gradients": ("architecture.hidden", "narrower or fewer layers"),
    "optimiser": ("architecture.hidden", "narrower or fewer layers"),
}


def available_memory(cgroups: Path = CGROUPS) -> int:
    """Bytes a new process can have here: what the system calls available, or less where a container allows less."""
    system = int(psutil.virtual_memory().available)
    return min([system, *_rooms(cgroups)])


def _rooms(cgroups: Path) -> Iterator[int]:
    """Room left in each control group that bounds this process, version 2 and 1; cache that can go counts as room."""
    for folder in _own_groups(cgroups):
        limit = _number(folder / "memory.max") or _number(folder / "memory.limit_in_bytes")
        used = _number(folder / "memory.current") or _number(folder / "memory.usage_in_bytes")
        if limit and used:
            yield max(0, limit - used + _inactive(folder / "memory.stat"))


def _own_groups(cgroups: Path) -> Iterator[Path]:
    """The folders of this process's memory groups and of all groups above them."""
    try:
        lines = OWN_GROUPS.read_text().splitlines()
    except OSError:
        lines = []
    yield from (cgroups, cgroups / "memory")  # what a container sees as its own
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers in ("", "memory"):
            group = (cgroups / controllers / path.lstrip("/")) if controllers else cgroups / path.lstrip("/")
            yield from (folder for folder in (group, *group.parents) if cgroups in folder.parents)


def _number(path: Path) -> int | None:
    """A file's number; None where it has none ("max")."""
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return None


def _inactive(path: Path) -> int:
    """Bytes of file cache that the kernel gives back when asked."""
    try:
        stat = dict(line.split() for line in path.read_text().splitlines())
    except (OSError, ValueError):
        return 0
    return int(stat.get("total_inactive_file", stat.get("inactive_file", 0)))


def fits(estimate: Estimate, available: int) -> Problem | None:
    """None, or what to change: the field behind the largest part of the memory that is missing."""
    if estimate.memory_bytes <= available:
        return None
    largest = max((part for part in estimate.memory if part != "base"), key=lambda part: estimate.memory[part])
    loc, remedy = _FIELDS[largest]
    parts = ", ".join(f"{part} {size(count)}" for part, count in estimate.memory.items() if count >= 1 << 20)
    msg = (
        f"this run needs about {size(estimate.memory_bytes)} of memory ({parts}); {size(available)} are free: "
        f"{remedy} would need less"
    )
    return {"loc": loc, "msg": msg, "type": "memory"}


def size(count: int) -> str:
    """Bytes as a person reads them: 1.2 GB."""
    for unit, scale in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= scale:
            return f"{count / scale:.3g} {unit}"
    return f"{count} B"

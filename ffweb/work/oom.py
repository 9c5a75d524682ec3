"""Whether the kernel killed something for want of memory, where it tells (Linux)."""

from __future__ import annotations

import re
from pathlib import Path

COUNTERS = (Path("/proc/vmstat"), Path("/sys/fs/cgroup/memory.events"))
_KILLS = re.compile(r"^oom_kill (\d+)$", re.MULTILINE)


def kills() -> tuple[int | None, ...]:
    """The kernel's counts of out-of-memory kills, to be compared with a later reading; None where it does not tell."""
    return tuple(map(_read, COUNTERS))


def _read(path: Path) -> int | None:
    try:
        found = _KILLS.search(path.read_text())
    except OSError:
        return None
    return int(found[1]) if found else None


def killed_since(before: tuple[int | None, ...]) -> bool:
    """Whether a process was killed for want of memory since `before` was read."""
    return any(now is not None and then is not None and now > then for then, now in zip(before, kills(), strict=True))

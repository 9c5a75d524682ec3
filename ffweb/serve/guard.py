"""The guard: ends the supervisor's children when the supervisor is gone, even after a kill -9. Standard library only.

It reads `+PGID` and `-PGID` lines from its standard input. End of file means that the supervisor is dead: every process
group that is still on the list gets SIGTERM, and after the grace SIGKILL. It ignores the signals that end the others.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterable

GRACE_SECONDS = 8.0  # a worker needs some of it to let its trainers write a checkpoint


def alive(group: int) -> bool:
    """Whether any process of this group is left. A zombie counts until somebody reaps it."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # macOS says so for a group of zombies
        return False
    return True


def signal_groups(groups: Iterable[int], number: int) -> None:
    for group in groups:
        try:
            os.killpg(group, number)
        except (ProcessLookupError, PermissionError):
            continue


def end(groups: set[int], grace: float) -> None:
    """SIGTERM to every group, then SIGKILL to those that are left after `grace` seconds."""
    signal_groups(groups, signal.SIGTERM)
    deadline = time.monotonic() + grace
    while time.monotonic() < deadline and any(alive(group) for group in groups):
        time.sleep(0.05)
    signal_groups(groups, signal.SIGKILL)


def main() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    groups: set[int] = set()
    for line in sys.stdin:
        (groups.add if line[0] == "+" else groups.discard)(int(line[1:]))
    end(groups, GRACE_SECONDS)


if __name__ == "__main__":
    main()

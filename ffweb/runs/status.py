"""The statuses of a run, what each means to a reader, and which may follow which."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Tone = Literal["idle", "run", "good", "warn", "bad"]

QUEUED, STARTING, RUNNING = "queued", "starting", "running"
FINISHED, STOPPED, FAILED, DIVERGED, LOST = "finished", "stopped", "failed", "diverged", "lost"


@dataclass(frozen=True)
class Status:
    """`word` and `icon` stand in the pill, `sentence` on the page; `after` are the statuses that may follow."""

    name: str
    word: str
    icon: str
    tone: Tone
    sentence: str
    after: tuple[str, ...]


STATUSES: dict[str, Status] = {
    s.name: s
    for s in (
        Status(QUEUED, "Queued", "wait", "idle", "Waiting for a free worker.", (STARTING, STOPPED)),
        Status(
            STARTING,
            "Starting",
            "run",
            "run",
            "A worker took it and is starting the trainer.",
            (RUNNING, FAILED, STOPPED, LOST, QUEUED),
        ),
        Status(RUNNING, "Running", "run", "run", "Training.", (FINISHED, FAILED, STOPPED, DIVERGED, LOST, QUEUED)),
        Status(FINISHED, "Finished", "ok", "good", "Finished.", ()),
        Status(STOPPED, "Stopped", "stop", "warn", "Stopped. Results up to there are kept.", (QUEUED,)),
        Status(FAILED, "Failed", "bad", "bad", "Failed. What was measured before is kept.", (QUEUED,)),
        Status(DIVERGED, "Diverged", "bad", "bad", "Diverged: a loss stopped being a number.", (QUEUED,)),
        Status(
            LOST,
            "No contact",
            "warn",
            "warn",
            "No sign of life from its worker.",
            (FINISHED, FAILED, STOPPED, DIVERGED, RUNNING, QUEUED),
        ),
    )
}


def known(name: str) -> Status:
    """The status of that name; a neutral one for a name that an older import took on trust."""
    unknown = "How it ended is written in a way that is not known here. What was measured is kept."
    return STATUSES.get(name) or Status(name, "Unknown", "none", "idle", unknown, ())


ACTIVE = (QUEUED, STARTING, RUNNING)
OWNED = (STARTING, RUNNING)  # a worker holds the lease
ENDED = (FINISHED, STOPPED, FAILED, DIVERGED, LOST)
RESUMABLE = (STOPPED, FAILED, DIVERGED, LOST)


def may_follow(before: str, after: str) -> bool:
    return after in known(before).after

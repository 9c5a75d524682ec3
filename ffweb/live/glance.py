"""A run as its open pages show it, read once for all sockets that ask at the same moment."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from ffweb.live.database import in_database
from ffweb.runs.models import Run
from ffweb.runs.queries import run_payload, share_payload

# What moves all the time: a change of these alone is told without the rest of the run.
_MOVING = ("status", "progress", "queue_position")
_NOT_TOLD = ("latest",)  # comes as events


@dataclass(frozen=True)
class Glance:
    """A run at one moment. `standing`: what decides who may see it."""

    run: dict[str, Any]
    share: dict[str, Any]
    seq: int
    standing: tuple[Any, ...]


def read(run_id: str) -> Glance | None:
    """The run as it is now; None if it is gone. Who may see it is asked of `runs.access` by whoever shows it."""
    run = Run.objects.select_related("owner").filter(pk=run_id, deleted_at=None).first()
    if run is None:
        return None
    return Glance(run_payload(run), share_payload(run), run.seq, (run.visibility, run.owner_id))


class Together:
    """Joins equal reads: whoever asks gets the result of one read that began after they asked."""

    def __init__(self) -> None:
        self._waiting: dict[str, asyncio.Task[Glance | None]] = {}  # not begun: newcomers join
        self._locks: dict[str, asyncio.Lock] = {}

    async def get(self, run_id: str) -> Glance | None:
        task = self._waiting.get(run_id)
        if task is None:
            task = self._waiting[run_id] = asyncio.create_task(self._look(run_id))
        return await asyncio.shield(task)  # one socket that closes must not cancel the others' read

    async def _look(self, run_id: str) -> Glance | None:
        async with self._locks.setdefault(run_id, asyncio.Lock()):
            del self._waiting[run_id]
            found = await in_database(read, run_id)
        if run_id not in self._waiting:
            self._locks.pop(run_id, None)
        return found


def changes(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any] | None:
    """What a page that shows `before` has to be told; None for nothing."""
    changed = {key for key in after if before.get(key) != after[key]}.difference(_NOT_TOLD)
    if not changed:
        return None
    return after if changed.difference(_MOVING) or "status" in changed else {k: after[k] for k in ("id", *_MOVING)}

"""Who works on a run: a claim and its renewals, each one conditional update (one row changed = mine)."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import uuid4

from django.conf import settings
from django.db.models.functions import Coalesce, Now

from ffweb.runs import status
from ffweb.runs.models import Run
from ffweb.runs.transitions import move
from ffweb.work.clock import seconds_from_now

TAKEN_SECONDS = 30.0  # a janitor's own lease on a run while it clears up


@dataclass(frozen=True)
class Lease:
    """The right to work on a run until somebody else takes it."""

    run_id: str
    owner: str

    def renew(self, **fields: object) -> bool:
        """Hold it for another lease time and write `fields`; False when it is no longer ours."""
        mine = Run.objects.filter(pk=self.run_id, lease_owner=self.owner, status__in=status.OWNED)
        return mine.update(lease_until=seconds_from_now(settings.LEASE_SECONDS), **fields) == 1


def claim_oldest(queue: str, worker: str, host: str) -> Lease | None:
    """Claim the run that waits longest in `queue`; None when none waits. Of several who try, each gets another run."""
    waiting = Run.objects.filter(queue=queue, status=status.QUEUED, deleted_at=None).order_by("queued_at", "pk")
    while (run_id := waiting.values_list("pk", flat=True).first()) is not None:
        lease = Lease(run_id, uuid4().hex)
        if move(
            run_id,
            [status.QUEUED],
            status.STARTING,
            lease_owner=lease.owner,
            lease_until=seconds_from_now(settings.LEASE_SECONDS),
            worker=worker,
            host=host,
            started=Coalesce("started", Now()),
            ended=None,
            reason="",
            field="",
            console_tail="",
            trainer_pid=None,
            trainer_started=None,
        ):
            return lease
    return None


def expired() -> list[str]:
    """Runs that somebody should be working on, but nobody has renewed the lease."""
    late = Run.objects.filter(status__in=status.OWNED, lease_until__lt=Now())
    return list(late.values_list("pk", flat=True))


def take_over(run_id: str) -> Lease | None:
    """Take an expired lease, to clear up; None when its worker came back or another janitor was first."""
    lease = Lease(run_id, f"janitor-{uuid4().hex}")
    late = Run.objects.filter(pk=run_id, status__in=status.OWNED, lease_until__lt=Now())
    taken = late.update(lease_owner=lease.owner, lease_until=seconds_from_now(TAKEN_SECONDS))
    return lease if taken == 1 else None

"""Who works on a run: a claim and its renewals, each one conditional update (one row changed = mine)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from django.conf import settings
from django.db.models.functions import Coalesce, Now

from ffweb.runs import status
from ffweb.runs.models import Run
from ffweb.runs.transitions import move
from ffweb.work.clock import seconds_from_now

CLEARING = "janitor-"  # how the name of an owner begins that only clears up
CLEARING_SECONDS = 30.0  # for how long a janitor may clear up; it ends trainers meanwhile


@dataclass(frozen=True)
class Lease:
    """The right to work on a run until somebody else takes it."""

    run_id: str
    owner: str

    def renew(self, **fields: object) -> bool:
        """Hold it for another lease time and write `fields`; False when it is no longer ours."""
        mine = Run.objects.filter(pk=self.run_id, lease_owner=self.owner, status__in=status.OWNED)
        return mine.update(lease_until=seconds_from_now(settings.LEASE_SECONDS), **fields) == 1

    def take_back(self, **fields: object) -> bool:
        """Hold again what was called lost meanwhile, if nobody else has begun with it; its trainer never ended."""
        if not Run.objects.filter(pk=self.run_id, deleted_at=None).exists():
            return False
        again = {"lease_owner": self.owner, "lease_until": seconds_from_now(settings.LEASE_SECONDS)}
        return move(self.run_id, [status.LOST], status.RUNNING, **again, ended=None, reason="", field="", **fields)


@dataclass(frozen=True)
class Held:
    """A lease as it stands in its run's row: another `until` means that somebody has renewed it."""

    run_id: str
    owner: str
    until: datetime | None
    host: str

    @property
    def seconds(self) -> float:
        """For how long it may stay as it is."""
        return CLEARING_SECONDS if self.owner.startswith(CLEARING) else settings.LEASE_SECONDS


def held() -> dict[str, Held]:
    """The leases of all runs that somebody should be working on."""
    rows = Run.objects.filter(status__in=status.OWNED).values_list("pk", "lease_owner", "lease_until", "host")
    return {row[0]: Held(*row) for row in rows}


def take_over(old: Held) -> Lease | None:
    """Take a lease to clear up; None when its worker came back or another janitor was first."""
    lease = Lease(old.run_id, f"{CLEARING}{uuid4().hex}")
    same = Run.objects.filter(pk=old.run_id, status__in=status.OWNED, lease_owner=old.owner, lease_until=old.until)
    taken = same.update(lease_owner=lease.owner, lease_until=seconds_from_now(CLEARING_SECONDS))
    return lease if taken == 1 else None


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

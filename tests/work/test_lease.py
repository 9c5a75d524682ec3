"""Claims, leases and presence: conditional updates, by the database's clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.utils import timezone

from ffweb.runs import status
from ffweb.runs.models import Run
from ffweb.work import lease, presence
from ffweb.work.models import Worker

pytestmark = pytest.mark.django_db
QueueRun = Callable[..., Run]


def claim(queue: str = "cpu") -> lease.Lease | None:
    return lease.claim_oldest(queue, worker="cpu@here", host="here")


def test_the_oldest_of_the_queue_is_claimed_once(queue_run: QueueRun) -> None:
    first, second, other = queue_run(), queue_run(), queue_run(queue="gpu")
    claims = [claim(), claim(), claim(), claim("gpu")]
    assert [c and c.run_id for c in claims] == [first.pk, second.pk, None, other.pk]
    row = Run.objects.get(pk=first.pk)
    assert (row.status, row.worker, row.host) == (status.STARTING, "cpu@here", "here")
    assert row.lease_until is not None
    assert timedelta(seconds=8) < row.lease_until - timezone.now() < timedelta(seconds=12)


def test_a_deleted_run_is_not_claimed(queue_run: QueueRun) -> None:
    Run.objects.filter(pk=queue_run().pk).update(deleted_at=timezone.now())
    assert claim() is None


def test_a_resumed_run_keeps_its_first_start(queue_run: QueueRun) -> None:
    then = timezone.now() - timedelta(hours=2)
    run = queue_run()
    Run.objects.filter(pk=run.pk).update(started=then, reason="Its worker was shut down.", ended=then)
    assert claim()
    run.refresh_from_db()
    assert (run.started, run.reason, run.ended) == (then, "", None)


def test_a_lease_is_renewed_only_by_its_owner(queue_run: QueueRun) -> None:
    run = queue_run()
    mine = claim()
    assert mine
    assert mine.renew(trainer_pid=7)
    assert not lease.Lease(run.pk, "another").renew()
    Run.objects.filter(pk=run.pk).update(status=status.STOPPED)
    assert not mine.renew()
    assert Run.objects.get(pk=run.pk).trainer_pid == 7


def test_a_lease_is_taken_over_only_as_it_was_seen_and_only_once(queue_run: QueueRun) -> None:
    run = queue_run()
    mine = claim()
    assert mine
    seen = lease.held()[run.pk]
    Run.objects.filter(pk=run.pk).update(lease_until=timezone.now() + timedelta(seconds=60))  # renewed meanwhile
    assert lease.take_over(seen) is None
    seen = lease.held()[run.pk]
    assert lease.take_over(seen)
    assert lease.take_over(seen) is None
    assert not mine.renew()


def test_what_was_called_lost_is_taken_back_by_who_trains_it_still(queue_run: QueueRun) -> None:
    run = queue_run()
    mine = claim()
    assert mine
    assert not mine.take_back()
    Run.objects.filter(pk=run.pk).update(
        status=status.LOST, lease_owner="", reason="No sign of life.", ended=timezone.now()
    )
    assert mine.take_back(trainer_pid=7)
    run.refresh_from_db()
    assert (run.status, run.lease_owner, run.reason, run.ended) == (status.RUNNING, mine.owner, "", None)
    Run.objects.filter(pk=run.pk).update(status=status.LOST, deleted_at=timezone.now())
    assert not mine.take_back()


@pytest.mark.django_db(transaction=True)
def test_who_was_seen_within_the_minute(settings: LazySettings) -> None:
    beat = presence.Presence("gpu0@here", "gpu", 1)
    beat._report()
    beat._report()
    assert [w.name for w in presence.workers()] == ["gpu0@here"]
    assert presence.gpu_seen()
    Worker.objects.update(seen=timezone.now() - timedelta(seconds=61))
    assert presence.workers() == []
    assert not presence.gpu_seen()
    beat.leave()
    assert not Worker.objects.exists()

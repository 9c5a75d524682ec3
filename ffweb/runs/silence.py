"""Whether a run that should be going on has been heard of lately: a page must not say "running" as if it were known."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from ffweb.runs import status
from ffweb.runs.models import Run

GRACE_SECONDS = 5.0  # beyond its lease a worker may be late
LEAST_SECONDS = 60.0  # a trainer may have nothing to say for so long
PAUSES = 10  # and for so many of its longest pauses
HEARD = ("status", "latest", "lease_until", "heard")  # the columns of a run that are looked at
_PAUSES = ("time/step", "time/evaluate", "time/log")


def silent_since(run: Run) -> datetime | None:
    """When a run at work was last heard, if that is longer ago than can be; None while all is well.

    A worker renews its lease every few seconds; a trainer speaks at every step and evaluation.
    """
    if run.status not in status.OWNED or run.lease_until is None:
        return None
    now = timezone.now()
    renewed = run.lease_until - timedelta(seconds=settings.LEASE_SECONDS)
    if now > run.lease_until + timedelta(seconds=GRACE_SECONDS):
        return max(renewed, run.heard or renewed)
    if run.status == status.RUNNING and run.heard and now - run.heard > _patience(run):
        return run.heard
    return None


def _patience(run: Run) -> timedelta:
    longest = max((run.latest.get(name) or 0.0 for name in _PAUSES), default=0.0)
    return timedelta(seconds=max(LEAST_SECONDS, PAUSES * min(longest, 3600.0)))

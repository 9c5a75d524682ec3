"""The one way in which a run's status changes: a conditional update, so that of several who try one succeeds."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

from django.db import transaction
from django.utils import timezone

from ffweb.live.push import push_run
from ffweb.runs import facts, status
from ffweb.runs.models import Run


def move(run_id: str, before: Iterable[str], after: str, **fields: Any) -> bool:
    """Set the status to `after` if it is one of `before`; True when this call did it.

    A final status sets `ended` unless given, drops the lease and stores the result's facts, so bring the row up to
    the end of its events first. Open pages are told on commit.
    """
    if after in status.ENDED:
        fields = _over() | fields
    with transaction.atomic():
        mine = Run.objects.filter(pk=run_id, status__in=list(before)).update(status=after, **fields) == 1
        if mine and after in status.ENDED:
            facts.store_result(run_id)
        if mine:
            transaction.on_commit(partial(push_run, run_id))
    return mine


def give_up(run_id: str, reason: str) -> None:
    """Call a run lost whose results cannot even be stored: without facts, so that nothing can go wrong again."""
    mine = Run.objects.filter(pk=run_id, status__in=status.OWNED)
    mine.update(status=status.LOST, reason=reason, **_over())
    push_run(run_id)


def _over() -> dict[str, Any]:
    return {"ended": timezone.now(), "lease_owner": "", "lease_until": None, "stop_requested": False}

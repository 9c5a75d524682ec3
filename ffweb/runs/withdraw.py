"""How share links end: for good, and for the pages that are open through them at once."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from ffweb.live.push import close_share
from ffweb.runs.models import Share


def withdraw(shares: QuerySet[Share]) -> int:
    """Withdraw those that are not yet; returns how many. Who may is asked before."""
    with transaction.atomic():
        found = list(shares.filter(revoked_at=None).values_list("pk", flat=True))
        Share.objects.filter(pk__in=found).update(revoked_at=timezone.now())
        close_sockets(found)
    return len(found)


def close_sockets(shares: Iterable[int]) -> None:
    """Once this transaction is through."""
    for pk in shares:
        transaction.on_commit(partial(close_share, pk))

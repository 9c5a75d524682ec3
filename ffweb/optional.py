"""Writes that reading brings with it, and that it can do without."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ParamSpec, TypeVar

from django.db import DatabaseError, connection, transaction

log = logging.getLogger(__name__)
P = ParamSpec("P")
T = TypeVar("T")


def optionally(write: Callable[P, T], *args: P.args, **named: P.kwargs) -> T | None:
    """Write without waiting for anybody's lock; None where the database is busy, or takes no writes."""
    try:
        with _impatient(), transaction.atomic():
            return write(*args, **named)
    except DatabaseError as error:
        log.debug("Left undone, because the database takes no write now: %s", error)
        return None


@contextmanager
def _impatient() -> Iterator[None]:
    """SQLite would wait for the lock for as long as a write that matters (settings.py)."""
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        yield
        return
    patience = int(connection.settings_dict["OPTIONS"].get("timeout", 5) * 1000)
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout = 0")
        try:
            yield
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {patience}")

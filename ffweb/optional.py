"""Writes that reading brings with it, and that it can do without."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DatabaseError, connection, transaction

log = logging.getLogger(__name__)


@contextmanager
def optional_write() -> Iterator[None]:
    """Tried without waiting for anybody's lock; left undone where the database is busy, or takes no writes."""
    try:
        with _impatient(), transaction.atomic():
            yield
    except DatabaseError as error:
        log.info("Left undone, because the database takes no write now: %s", error)


@contextmanager
def _impatient() -> Iterator[None]:
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

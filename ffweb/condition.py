"""Whether the database can be read: asked by the probe, and remembered where a request has met a damaged page."""

from __future__ import annotations

import threading
import time

from django.apps import apps
from django.db import DatabaseError, OperationalError, connection

from ffweb.later import damaged

CHECK_EVERY, CHECK_SECONDS = 60.0, 1.0
DAMAGED = "damaged: restore a backup"


class Damage:
    """What is known of damaged pages: by whoever met one, and by SQLite's own check once a minute."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found = False
        self._next = 0.0

    def note(self, error: BaseException | None) -> bool:
        """Remember an error that says so; True if it does."""
        if not damaged(error):
            return False
        self._found = True
        return True

    def forget(self) -> None:
        self._found, self._next = False, 0.0

    def found(self) -> bool:
        """What was met stays so until a restart: only a restored backup mends it."""
        with self._lock:
            if not self._found and connection.vendor == "sqlite" and time.monotonic() >= self._next:
                self._found = not _well()
                self._next = time.monotonic() + CHECK_EVERY
            return self._found


damage = Damage()


def database() -> str:
    """`ok`, or what is wrong with it."""
    try:
        for model in apps.get_models(include_auto_created=True):
            model._default_manager.order_by().values_list("pk").first()
        return DAMAGED if damage.found() else "ok"
    except DatabaseError as error:
        return DAMAGED if damage.note(error) else str(error)


def _well() -> bool:
    """SQLite's quick check, as far as it comes in a second: the rest of a large file is left to those who read it."""
    until = time.monotonic() + CHECK_SECONDS
    connection.ensure_connection()
    raw = connection.connection
    raw.set_progress_handler(lambda: time.monotonic() > until, 1000)
    try:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA quick_check(1)")
            return bool(cursor.fetchone()[0] == "ok")
    except OperationalError:  # interrupted
        return True
    finally:
        raw.set_progress_handler(None, 0)

"""Passwords by Argon2, a few at a time: each takes 100 MB and a core for a moment, and anybody may ask for one."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib.auth.hashers import Argon2PasswordHasher

from ffweb.later import Busy

AT_ONCE, WAITING, PATIENCE_SECONDS = 2, 8, 10.0

_places = threading.BoundedSemaphore(AT_ONCE)
_queue = threading.BoundedSemaphore(AT_ONCE + WAITING)


@contextmanager
def place() -> Iterator[None]:
    """A place to hash in. Raises Busy where the queue is full or does not move."""
    if not _queue.acquire(blocking=False):
        raise _busy()
    try:
        if not _places.acquire(timeout=PATIENCE_SECONDS):
            raise _busy()
        try:
            yield
        finally:
            _places.release()
    finally:
        _queue.release()


def _busy() -> Busy:
    return Busy("Too many people are signing in at once. Try again in a moment.", 5)


class Argon2(Argon2PasswordHasher):
    """Django's, in its turn; whoever makes or checks a password comes by here."""

    def encode(self, password: str, salt: str) -> str:
        with place():
            return super().encode(password, salt)

    def verify(self, password: str, encoded: str) -> bool:
        with place():
            return super().verify(password, encoded)

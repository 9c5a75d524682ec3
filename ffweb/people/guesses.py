"""Guessing secrets in addresses and headers: who tries many that do not work has to wait, at little cost to us.

In memory, since it is no more than a brake: a token of 192 random bits is not found by trying. A secret that has
worked from an address goes on working there: a neighbour behind the same router delays new links, and locks out nobody
who is in.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ffweb.later import TryLater
from ffweb.people.models import hash_secret

MOST, SECONDS = 200, 300.0
REMEMBERED = 10_000  # addresses, and secrets that worked


class TooManyGuesses(TryLater):
    """Too many secrets from this address that open nothing."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"Too many links or tokens that do not work. Try again in {_minutes(seconds)}.", seconds)


def _minutes(seconds: float) -> str:
    return f"{max(1, -(-int(seconds) // 60))} min"


class Guesses:
    """What was tried lately, by address."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failures: OrderedDict[str, tuple[float, int]] = OrderedDict()  # address: since when, how many
        self._worked: OrderedDict[tuple[str, str], None] = OrderedDict()

    @contextmanager
    def made(self, address: str, secret: str) -> Iterator[str]:
        """Try `secret`, given its hash: a LookupError inside says that it opens nothing. Raises TooManyGuesses."""
        hashed = hash_secret(secret)
        counted = self._count(address, hashed)
        try:
            yield hashed
        except LookupError:
            self._forget(address, hashed)
            raise
        except BaseException:
            self._uncount(address, counted)
            raise
        self._uncount(address, counted)
        self._remember(address, hashed)

    def clear(self) -> None:
        with self._lock:
            self._failures.clear()
            self._worked.clear()

    def _count(self, address: str, hashed: str) -> bool:
        """Before it is known how it ends: those that come at once cannot pass together."""
        now = time.monotonic()
        with self._lock:
            if not address or (address, hashed) in self._worked:
                return False
            since, count = self._failures.get(address, (now, 0))
            if now - since > SECONDS:
                since, count = now, 0
            if count >= MOST:
                raise TooManyGuesses(int(since + SECONDS - now) + 1)
            self._failures[address] = since, count + 1
            self._failures.move_to_end(address)
            _bound(self._failures)
        return True

    def _uncount(self, address: str, counted: bool) -> None:
        with self._lock:
            if counted and address in self._failures:
                since, count = self._failures[address]
                self._failures[address] = since, max(0, count - 1)

    def _remember(self, address: str, hashed: str) -> None:
        with self._lock:
            self._worked[address, hashed] = None
            self._worked.move_to_end((address, hashed))
            _bound(self._worked)

    def _forget(self, address: str, hashed: str) -> None:
        with self._lock:
            self._worked.pop((address, hashed), None)


def _bound(kept: OrderedDict[Any, Any]) -> None:
    while len(kept) > REMEMBERED:
        kept.popitem(last=False)


guesses = Guesses()

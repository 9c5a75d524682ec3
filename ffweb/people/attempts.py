"""Guessing passwords: every try is counted before it is tried, and taken back when it was right.

At most so many wrong tries in any five minutes: 5 for a name from an address, 30 for all names from an address, 60 for
a name from all addresses. A browser that has signed this person in before carries a cookie that says so, and has five
tries of its own, whoever else tries: a stranger cannot lock out who is known here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv6Address, ip_address, ip_network

from django.core import signing
from django.utils import timezone
from django.utils.crypto import get_random_string

from ffweb.later import TryLater
from ffweb.people.models import Attempt, User

LOCK = timedelta(minutes=5)
DEVICE_AGE = timedelta(days=365)


class TooManyAttempts(TryLater):
    """Too many failures in five minutes: wait `seconds`."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"Too many failed attempts. Try again in {max(1, -(-seconds // 60))} min.", seconds)


@dataclass(frozen=True)
class Limit:
    """At most `most` wrong tries in five minutes for each value of what is limited."""

    what: str
    most: int

    def of(self, *value: str) -> Key:
        return Key(f"{self.what}:{hashlib.sha256(repr(value).encode()).hexdigest()}", self.most)


@dataclass(frozen=True)
class Key:
    name: str
    most: int


NAME_AND_ADDRESS, ADDRESS, NAME = Limit("pair", 5), Limit("address", 30), Limit("name", 60)
DEVICE, OLD_PASSWORD = Limit("device", 5), Limit("password", 5)


def keys(username: str, address: str, device: str = "") -> list[Key]:
    """What a sign-in is limited by; the first is forgotten when it succeeds."""
    name = username.lower()
    if known := _known(device, username):
        return [DEVICE.of(known)]
    place = _network(address)
    return [NAME_AND_ADDRESS.of(name, place), ADDRESS.of(place), NAME.of(name)]


@contextmanager
def counted(keys: Sequence[Key]) -> Iterator[None]:
    """Try something that an exception inside says was wrong. Raises TooManyAttempts, before anything is tried."""
    now = timezone.now()
    Attempt.objects.filter(at__lte=now - LOCK).delete()
    mine = [row.pk for row in Attempt.objects.bulk_create([Attempt(key=key.name, at=now) for key in keys])]
    try:
        for key in keys:
            _check(key)
        yield
    except WrongSecret:
        raise
    except BaseException:
        Attempt.objects.filter(pk__in=mine).delete()
        raise
    Attempt.objects.filter(pk__in=mine).delete()
    Attempt.objects.filter(key=keys[0].name).delete()


class WrongSecret(Exception):
    """This try was wrong: it stays counted."""


def _check(key: Key) -> None:
    """One's own row is among those that are counted, so of many at once no more pass than may."""
    now = timezone.now()
    lately = Attempt.objects.filter(key=key.name, at__gt=now - LOCK).order_by("-at")
    times = list(lately.values_list("at", flat=True)[: key.most + 1])
    if len(times) > key.most:
        raise TooManyAttempts(int((times[key.most] + LOCK - now).total_seconds()) + 1)


def _network(address: str) -> str:
    """An address, or the /64 of one: who has an IPv6 address has all of them."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if not isinstance(found, IPv6Address):
        return str(found)
    return str(found.ipv4_mapped or ip_network((found, 64), strict=False))


# ── browsers that are known ───────────────────────────────────────────────────────────────────────────────────────
def device_of(user: User) -> str:
    """What a browser keeps that has signed `user` in."""
    return signing.dumps([user.pk, get_random_string(16)], salt="ffweb.device")


def _known(device: str, username: str) -> str:
    """The device's own name, if it has signed in who is called so; else nothing."""
    try:
        pk, nonce = signing.loads(device, salt="ffweb.device", max_age=DEVICE_AGE)
    except (signing.BadSignature, ValueError, TypeError):
        return ""
    return f"{pk} {nonce}" if User.objects.filter(pk=pk, username=username).exists() else ""

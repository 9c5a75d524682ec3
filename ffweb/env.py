"""Readers of environment variables that refuse wrong values with a sentence. Secrets are read from NAME_FILE too."""

from __future__ import annotations

import os
import re
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

_TRUE, _FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off", ""}


def text(name: str, default: str = "") -> str:
    return os.environ.get(name, default).strip()


def secret(name: str, default: str = "") -> str:
    """The variable itself, or the content of the file that NAME_FILE names."""
    file = os.environ.get(f"{name}_FILE")
    if not file:
        return text(name, default)
    if name in os.environ:
        raise ImproperlyConfigured(f"{name} and {name}_FILE are both set: keep one of them.")
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ImproperlyConfigured(f"{name}_FILE names {file}, which cannot be read: {error.strerror}.") from error


def flag(name: str, default: bool = False) -> bool:
    value = text(name, str(default)).lower()
    if value in _TRUE:
        return True
    if value in _FALSE:
        return False
    raise ImproperlyConfigured(f"{name}={value!r} is neither yes nor no: use 1 or 0.")


def integer(name: str, default: int, low: int, high: int) -> int:
    value = text(name, str(default))
    try:
        number = int(value)
    except ValueError:
        raise ImproperlyConfigured(f"{name}={value!r} is no whole number: use {low} to {high}.") from None
    if not low <= number <= high:
        raise ImproperlyConfigured(f"{name}={number} is out of bounds: use {low} to {high}.")
    return number


def url_path(name: str) -> str:
    """A path on a host, as `/lab/ffweb`; empty for the host's root."""
    value = text(name)
    if value and not re.fullmatch(r"(/(?!\.{1,2}(?:/|$))[A-Za-z0-9._~-]+)+", value):
        raise ImproperlyConfigured(
            f"{name}={value!r} is no path to serve the site under: write it as /ffweb, with a slash in front and none "
            "at the end, of letters, digits and . _ ~ -, or leave it empty."
        )
    return value


def names(name: str, separator: str = ",") -> list[str]:
    return [part.strip() for part in text(name).split(separator) if part.strip()]


def url(name: str, example: str) -> str:
    """An address with a scheme, perhaps with a password in it, which no refusal repeats; empty where none is given."""
    value = secret(name)
    if not value:
        return value
    try:
        parts = urlsplit(value)
        known = bool(parts.scheme) and (parts.port or 0) >= 0
    except ValueError:
        known = False
    if not known or "://" not in value:
        raise ImproperlyConfigured(
            f"{name} is no address: write {example}, signs such as / # @ in the password as %2F %23 %40."
        )
    return value


def networks(name: str) -> list[str]:
    """Addresses and networks, separated by commas."""
    try:
        return [str(ip_network(part, strict=False)) for part in names(name)]
    except ValueError as error:
        raise ImproperlyConfigured(
            f"{name} names no address of a proxy ({error}): write 127.0.0.1 or 172.16.0.0/12, with commas between."
        ) from None

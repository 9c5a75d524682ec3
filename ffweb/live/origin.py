"""Who may open a socket: a page of this very site, as for forms, or a client with a token, which is no page."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from channels.security.websocket import WebsocketDenier
from django.conf import settings
from django.http.request import split_domain_port, validate_host
from django.utils.http import is_same_domain

DEFAULT_PORTS = {"http": "80", "https": "443"}


class SameOrigin:
    """An ASGI application that turns other sites' pages away: other scheme, other name or other port."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        origin = headers.get(b"origin")
        let_in = b"authorization" in headers if origin is None else is_ours(origin, scope, headers.get(b"host", ""))
        await (self._app if let_in else WebsocketDenier())(scope, receive, send)


def is_ours(origin: str, scope: Any, host: str) -> bool:
    """Whether `origin` is that of the address asked, or one of those that forms are taken from."""
    try:
        told = urlsplit(origin)
        port = str(told.port or DEFAULT_PORTS.get(told.scheme, ""))
    except ValueError:
        return False
    scheme = "https" if scope.get("scheme") == "wss" else "http"
    name, own_port = split_domain_port(host)
    here = (scheme, name, own_port or DEFAULT_PORTS[scheme])
    if validate_host(name, settings.ALLOWED_HOSTS) and (told.scheme, _bracketed(told.hostname), port) == here:
        return True
    return any(_trusted(told.scheme, told.netloc, urlsplit(known)) for known in settings.CSRF_TRUSTED_ORIGINS)


def _bracketed(name: str | None) -> str:
    return f"[{name}]" if name and ":" in name else name or ""


def _trusted(scheme: str, netloc: str, known: Any) -> bool:
    """`https://*.example.org` stands for every name under it."""
    return bool(scheme == known.scheme and is_same_domain(netloc.lower(), known.netloc.removeprefix("*")))

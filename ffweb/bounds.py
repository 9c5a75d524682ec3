"""What a request may be: Django would write a body of any size to disk, and read it in any encoding."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from django.utils.http import parse_header_parameters

from ffweb.api.problems import problem

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Any], Awaitable[None]]


class App(Protocol):
    """An ASGI application."""

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None: ...


class TooLarge(Exception):
    """The body went over the bound while it came in."""


class Bounded:
    """An ASGI application that answers 413 to bodies of more than `limit` bytes, announced or not."""

    def __init__(self, app: App, limit: int) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if not _utf8(scope):
            await _refuse(send, 400)
            return
        left = self._limit

        async def counted() -> Message:
            nonlocal left
            message = await receive()
            left -= len(message.get("body", b""))
            if left < 0:
                raise TooLarge
            return message

        announced = dict(scope["headers"]).get(b"content-length", b"0")
        try:
            if not announced.isdigit() or int(announced) > self._limit:
                raise TooLarge
            await self._app(scope, counted, send)
        except TooLarge:
            await _refuse(send, 413)


def _utf8(scope: dict[str, Any]) -> bool:
    """Whether the body says no other encoding: Django would read addresses and forms by any codec that Python has."""
    said = dict(scope["headers"]).get(b"content-type", b"").decode("latin-1")
    try:
        charset = parse_header_parameters(said)[1].get("charset", "utf-8")
    except ValueError:
        return False
    return charset.lower() in ("utf-8", "utf8")


async def _refuse(send: Send, status: int) -> None:
    response = problem(status)
    headers = [(name.lower().encode(), value.encode()) for name, value in response.items()]
    await send({"type": "http.response.start", "status": status, "headers": [*headers, (b"connection", b"close")]})
    await send({"type": "http.response.body", "body": response.content})

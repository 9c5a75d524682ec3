"""Addresses of the websockets. The origin of each is checked; whoever is signed in is known by the session."""

from __future__ import annotations

import logging
from typing import Any

from channels.auth import AuthMiddlewareStack
from channels.routing import URLRouter
from django.db import DatabaseError
from django.urls import path, re_path

from ffweb.live.consumers import NoSuchSocket, RunSocket, RunsSocket, ShareSocket
from ffweb.live.messages import LATER
from ffweb.live.origin import SameOrigin

log = logging.getLogger(__name__)

# Typed loosely: Django's `path` is annotated for views only.
addresses: list[Any] = [
    path("ws/runs", RunsSocket.as_asgi()),  # type: ignore[arg-type]
    path("ws/runs/<str:run_id>", RunSocket.as_asgi()),  # type: ignore[arg-type]
    path("ws/s/<str:token>", ShareSocket.as_asgi()),  # type: ignore[arg-type]
    re_path("", NoSuchSocket.as_asgi()),  # type: ignore[arg-type]
]


class OrLater:
    """A database that is away while one is let in closes the socket with a code that says: come again."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            await self._app(scope, receive, send)
        except DatabaseError as error:
            log.warning("A socket was not opened, because the database did not answer: %s", error)
            await send({"type": "websocket.accept"})
            await send({"type": "websocket.close", "code": LATER})


websocket = SameOrigin(OrLater(AuthMiddlewareStack(URLRouter(addresses))))

"""Addresses of the websockets. The origin of each is checked; whoever is signed in is known by the session."""

from __future__ import annotations

from typing import Any

from channels.auth import AuthMiddlewareStack
from channels.routing import URLRouter
from django.urls import path, re_path

from ffweb.live.consumers import NoSuchSocket, RunSocket, RunsSocket, ShareSocket
from ffweb.live.origin import SameOrigin

# Typed loosely: Django's `path` is annotated for views only.
addresses: list[Any] = [
    path("ws/runs", RunsSocket.as_asgi()),  # type: ignore[arg-type]
    path("ws/runs/<str:run_id>", RunSocket.as_asgi()),  # type: ignore[arg-type]
    path("ws/s/<str:token>", ShareSocket.as_asgi()),  # type: ignore[arg-type]
    re_path("", NoSuchSocket.as_asgi()),  # type: ignore[arg-type]
]

websocket = SameOrigin(AuthMiddlewareStack(URLRouter(addresses)))

"""Probes for whoever watches the process."""

from __future__ import annotations

import redis
from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache

from ffweb.condition import database


@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """The process answers."""
    return JsonResponse({"status": "ok"})


def _redis() -> str:
    if not settings.REDIS_URL:
        return "none"
    try:
        redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=1, socket_timeout=1).ping()
    except redis.RedisError as error:
        return str(error)
    return "ok"


@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """What requests need is there: a migrated database that can be read, and Redis where one is set. 503 if not."""
    parts = {"database": database(), "redis": _redis()}
    ready = all(state in ("ok", "none") for state in parts.values())
    if not ready and not settings.DEBUG:  # addresses and driver messages are for the log, not for strangers
        parts = {name: state if state in ("ok", "none") else "away" for name, state in parts.items()}
    return JsonResponse({"status": "ok" if ready else "not ready", **parts}, status=200 if ready else 503)

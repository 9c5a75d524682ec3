"""What only shows under ASGI: bodies are bounded as they come in, downloads leave in pieces."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest

from ffweb.api.answers import download, in_pieces
from ffweb.bounds import Bounded


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Answers with the length of the body."""
    size, more = 0, True
    while more:
        message = await receive()
        size, more = size + len(message.get("body", b"")), message.get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(size).encode()})


async def call(pieces: Iterable[bytes], headers: list[tuple[bytes, bytes]]) -> list[dict[str, Any]]:
    coming = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces]
    coming.append({"type": "http.request", "body": b"", "more_body": False})
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return coming.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "headers": headers}
    await Bounded(echo, 100)(scope, receive, send)
    return sent


async def test_a_body_within_the_bound_passes() -> None:
    sent = await call([b"x" * 50] * 2, [(b"content-length", b"100")])
    assert (sent[0]["status"], sent[1]["body"]) == (200, b"100")


@pytest.mark.parametrize("headers", [[(b"content-length", b"101")], [(b"content-length", b"many")], []])
async def test_a_body_beyond_the_bound_is_refused(headers: list[tuple[bytes, bytes]]) -> None:
    sent = await call([b"x" * 50] * 3, headers)
    assert sent[0]["status"] == 413
    assert (b"content-type", b"application/problem+json") in sent[0]["headers"]


@pytest.mark.parametrize("charset", ["hex", "unicode_escape", "utf-16", '"latin-1"'])
async def test_other_encodings_than_utf_8_are_refused(charset: str) -> None:
    assert (await call([], [(b"content-type", f"text/plain; charset={charset}".encode())]))[0]["status"] == 400
    assert (await call([], [(b"content-type", b"text/plain; charset=UTF-8")]))[0]["status"] == 200


async def test_a_download_makes_each_piece_when_it_is_asked_for() -> None:
    made: list[int] = []

    def pieces() -> Iterable[bytes]:
        for number in range(3):
            made.append(number)
            yield b"x" * 10

    request = ASGIRequest({"type": "http", "method": "GET", "path": "/", "headers": []}, None)
    response = download(request, pieces(), "a.csv", "text/csv")
    assert response.is_async
    content = aiter(response.streaming_content)  # type: ignore[arg-type]
    assert (await anext(content), made) == (b"x" * 10, [0])
    assert len([piece async for piece in content]) == 2


def test_without_asgi_a_download_is_plain() -> None:
    response = download(HttpRequest(), [b"a", b"b"], "ü.csv", "text/csv", size=2)
    assert not response.is_async
    assert response.getvalue() == b"ab"
    assert response["Content-Disposition"] == "attachment; filename*=utf-8''%C3%BC.csv"


def test_short_lines_are_gathered() -> None:
    lines = [b"x" * 1000] * 200
    pieces = list(in_pieces(lines))
    assert b"".join(pieces) == b"".join(lines)
    assert len(pieces) < 6

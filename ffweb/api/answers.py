"""How answers leave: JSON, and files streamed in pieces without holding a whole one in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator
from typing import IO, Any

import orjson
from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils.http import content_disposition_header

PIECE = 1 << 20  # bytes
_JSON = orjson.OPT_SERIALIZE_NUMPY


def answer(value: Any, status: int = 200) -> HttpResponse:
    """`value` as JSON. Numbers that are none (NaN, infinite) become null."""
    return HttpResponse(orjson.dumps(value, option=_JSON), status=status, content_type="application/json")


def nothing() -> HttpResponse:
    """204."""
    return HttpResponse(status=204)


def download(
    request: HttpRequest, pieces: Iterable[bytes], filename: str, content_type: str, size: int | None = None
) -> StreamingHttpResponse:
    """Stream `pieces` as a file to keep. Under ASGI each is made in a thread, when the browser has room for it."""
    content = _in_threads(iter(pieces)) if isinstance(request, ASGIRequest) else pieces
    response = StreamingHttpResponse(content, content_type=content_type)
    response.headers["Content-Disposition"] = disposition(filename, attached=True)
    if size is not None:
        response.headers["Content-Length"] = str(size)
    return response


def disposition(filename: str, *, attached: bool) -> str:
    """A header in ASCII for any name, as RFC 6266 has it."""
    return content_disposition_header(attached, filename) or "inline"


async def _in_threads(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    def following() -> bytes | None:
        return next(pieces, None)

    while (piece := await sync_to_async(following)()) is not None:
        yield piece


def file_pieces(file: IO[bytes]) -> Iterator[bytes]:
    """The content of `file`, which is closed at the end."""
    with file:
        while piece := file.read(PIECE):
            yield piece


def in_pieces(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Short lines gathered into pieces worth a thread's turn."""
    held: list[bytes] = []
    size = 0
    for line in lines:
        held.append(line)
        size += len(line)
        if size >= PIECE // 16:
            yield b"".join(held)
            held, size = [], 0
    yield b"".join(held)

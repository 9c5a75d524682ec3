"""What is text leaves compressed, for whoever takes it so."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator, Iterator

from django.http import HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware, re_accepts_gzip
from django.utils.cache import patch_vary_headers

# Checkpoints are packed numbers: compressing them costs seconds and saves nothing. Static files lie there compressed.
TEXT = ("text/", "application/json", "application/jsonl", "application/problem+json", "application/javascript")
GZIP = 31  # zlib's number for a gzip stream with the largest window


class Compressed(GZipMiddleware):
    """Django's, for text alone.

    A page's length tells no secret on it: Django adds up to 100 random bytes to every answer, and masks each CSRF token
    anew. What is streamed is one gzip stream: Django makes one of each piece, and browsers stop after the first.
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if not response.headers.get("Content-Type", "").startswith(TEXT):
            return response
        if not isinstance(response, StreamingHttpResponse):
            return super().process_response(request, response)
        patch_vary_headers(response, ("Accept-Encoding",))
        if not response.has_header("Content-Encoding") and re_accepts_gzip.search(
            request.META.get("HTTP_ACCEPT_ENCODING", "")
        ):
            pieces = response.streaming_content
            response.streaming_content = _async(pieces) if isinstance(pieces, AsyncIterator) else _sync(pieces)
            response.headers["Content-Encoding"] = "gzip"
            del response.headers["Content-Length"]
        return response


def _sync(pieces: Iterator[bytes]) -> Iterator[bytes]:
    stream = zlib.compressobj(wbits=GZIP)
    for piece in pieces:
        yield stream.compress(piece)
    yield stream.flush()


async def _async(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    stream = zlib.compressobj(wbits=GZIP)
    async for piece in pieces:
        yield stream.compress(piece)
    yield stream.flush()

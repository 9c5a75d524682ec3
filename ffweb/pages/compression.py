"""What is text leaves compressed, for whoever takes it so."""

from __future__ import annotations

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware

# Checkpoints are packed numbers: compressing them costs seconds and saves nothing. Static files lie there compressed.
TEXT = ("text/", "application/json", "application/jsonl", "application/problem+json", "application/javascript")


class Compressed(GZipMiddleware):
    """Django's, for text alone.

    A page's length tells no secret on it: Django adds up to 100 random bytes to every answer, and masks each CSRF token
    anew.
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if not response.headers.get("Content-Type", "").startswith(TEXT):
            return response
        return super().process_response(request, response)

"""Pages for what went wrong on the server: they say whether a later try may work, and need no database themselves."""

from __future__ import annotations

import logging
import sys

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from ffweb.condition import damage
from ffweb.later import DAMAGED, TryLater, busy
from ffweb.runs.access import NotVisible

log = logging.getLogger(__name__)


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's handler500: whatever no view and no middleware has answered."""
    return answer(request, sys.exc_info()[1]) or page(request, 500)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler400: what no browser of a person sends."""
    return page(request, 400)


def answer(request: HttpRequest, error: BaseException | None) -> HttpResponse | None:
    """For an error that says of itself what it is; None for any other."""
    later = error if isinstance(error, TryLater) else busy(error)
    if later is not None:
        log.warning("%s %s was put off: %s", request.method, request.path, error)
        response = page(request, later.status, later.detail)
        response.headers["Retry-After"] = str(later.seconds)
        return response
    if damage.note(error):
        log.error("%s %s: %s (%s)", request.method, request.path, DAMAGED, error)
        return page(request, 500, DAMAGED)
    if isinstance(error, NotVisible):  # deleted, or made private, since the view looked
        return page(request, 404)
    return None


def page(request: HttpRequest, status: int, detail: str = "") -> HttpResponse:
    """In the frame of whoever is signed in; without it where that cannot be found out."""
    template = f"{status}.html" if status in (400, 404, 500) else "later.html"
    early = {"unknown": not hasattr(request, "user")}  # refused before it was asked who it is
    try:
        return render(request, template, {"detail": detail} | early, status=status)
    except Exception:  # the database again, or whatever broke the page: nothing here may fail
        log.debug("The frame of an error page could not be made.", exc_info=True)
        return render(None, template, {"detail": detail, "unknown": True}, status=status)

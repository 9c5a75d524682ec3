"""Every error of the API as RFC 9457 problem+json: `status, title, detail, errors: [{loc, msg, type}]`."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any

import orjson
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import DatabaseError, InterfaceError
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from ffweb.condition import damage
from ffweb.later import BUSY, DAMAGED, TryLater, busy
from ffweb.people.services import Invalid
from ffweb.runs.access import NotVisible, ShareGone
from ffweb.runs.errors import Refused
from ffweb.runs.filters import FilterError
from ffweb.runs.models import Run
from trainer import words
from trainer.errors import ConfigError, Problem

log = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"
PREFIX = "/api/v1/"
DETAILS = {
    400: "The request could not be read.",
    401: "Sign in, or send a token as `Authorization: Bearer …`.",
    403: "You may not do this.",
    404: "There is nothing here, or not for you.",
    405: "This address does not take this method.",
    413: "The body is too large.",
    429: "Too much was asked at once: try again in a moment.",
    500: "Something went wrong on the server; its log has the cause.",
    503: BUSY,
}
NO_RUN = "There is no such run, or not for you."
NO_SHARE = "This link was withdrawn, has expired or never existed."


def problem(status: int, detail: str = "", errors: Sequence[Problem] = ()) -> HttpResponse:
    """One error, as every part of the API says it."""
    detail = detail or DETAILS.get(status, "")
    told = [{"loc": error["loc"], "msg": error["msg"], "type": error["type"]} for error in errors]
    body = {"status": status, "title": HTTPStatus(status).phrase, "detail": detail, "errors": told}
    response = HttpResponse(orjson.dumps(body), status=status, content_type=CONTENT_TYPE)
    if status == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="ffweb"'
    return response


def unprocessable(errors: Sequence[Problem]) -> HttpResponse:
    """422; the detail says all errors in one line, for those who read no lists."""
    said = "; ".join(f"{e['loc']}: {e['msg']}" if e["loc"] else e["msg"] for e in errors)
    return problem(422, said, errors)


def from_ninja(errors: Sequence[dict[str, Any]]) -> list[Problem]:
    """Ninja's errors with the parameter's source and name taken off `loc`: (body, order, tags, 0) becomes `tags.0`."""
    return [Problem(loc=_loc(e["loc"]), msg=words.wrong(e), type=e["type"]) for e in errors]


def _loc(loc: Sequence[str | int]) -> str:
    source, *path = (str(part) for part in loc)
    return ".".join(path[1:] if source == "body" else path)


def _http_error(request: HttpRequest, exc: HttpError) -> HttpResponse:
    if exc.status_code == 400:
        return problem(400, f"The body is not valid JSON: {exc.__cause__}.")
    if exc.status_code == 403:
        return problem(403, "The CSRF token is missing or wrong: send it as X-CSRFToken, or use a Bearer token.")
    return problem(exc.status_code, exc.message)


def _invalid(request: HttpRequest, exc: Invalid) -> HttpResponse:
    return unprocessable(
        [Problem(loc=f, msg=msg, type="value_error") for f, msgs in exc.errors.items() for msg in msgs]
    )


def _later(request: HttpRequest, exc: TryLater) -> HttpResponse:
    response = problem(exc.status, exc.detail)
    response.headers["Retry-After"] = str(exc.seconds)
    return response


def _database(request: HttpRequest, exc: Exception) -> HttpResponse:
    """A database that is damaged, busy or away, or a mistake of ours."""
    if damage.note(exc):
        log.error("%s %s: %s (%s)", request.method, request.path, DAMAGED, exc)
        return problem(500, DAMAGED)
    if later := busy(exc):
        return _later(request, later)
    raise exc


def install(api: NinjaAPI) -> None:
    """Teach `api` how each error of the services is said."""
    handlers: dict[type[Exception], Callable[[HttpRequest, Any], HttpResponse]] = {
        AuthenticationError: lambda request, exc: problem(401),
        HttpError: _http_error,
        ValidationError: lambda request, exc: unprocessable(from_ninja(exc.errors)),
        ConfigError: lambda request, exc: unprocessable(exc.errors),
        FilterError: lambda request, exc: unprocessable([Problem(loc=exc.field, msg=str(exc), type="filter")]),
        Invalid: _invalid,
        Refused: lambda request, exc: problem(exc.status, exc.detail, exc.errors),
        NotVisible: lambda request, exc: problem(404, NO_RUN),
        Run.DoesNotExist: lambda request, exc: problem(404, NO_RUN),
        ShareGone: lambda request, exc: problem(404, NO_SHARE),
        Http404: lambda request, exc: problem(404, str(exc)),
        PermissionError: lambda request, exc: problem(403, str(exc)),
        PermissionDenied: lambda request, exc: problem(403),
        TryLater: _later,
        DatabaseError: _database,
        InterfaceError: _database,
        RequestDataTooBig: lambda request, exc: problem(413),
    }
    for exception, handler in handlers.items():
        api.add_exception_handler(exception, handler)


class ProblemsOnly:
    """What Django itself answers under /api/v1 (no such address, no such method, a crash) is a problem too."""

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        status = response.status_code
        if (
            status < 400
            or not request.path_info.startswith(PREFIX)
            or response.headers.get("Content-Type") == CONTENT_TYPE
        ):
            return response
        said = problem(status)
        for kept in ("Allow", "Retry-After"):
            if kept in response.headers:
                said.headers[kept] = response.headers[kept]
        return said

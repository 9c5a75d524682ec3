"""Sessions, and when each member was last here. Reading never fails because one of them cannot be written."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from ffweb.optional import optionally
from ffweb.people.models import User

GRAIN = timedelta(minutes=1)  # a write a request is dear
READING = ("GET", "HEAD")


class Sessions(SessionMiddleware):
    """Django's; what a page that is only read would store of its session can be left undone."""

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        if request.method not in READING or not request.session.modified:
            return super().process_response(request, response)
        return optionally(super().process_response, request, response) or response


class LastSeen:
    """Notes the time of a signed-in request, at most once a minute a member."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        now = timezone.now()
        if isinstance(user, User) and (user.last_seen is None or now - user.last_seen > GRAIN):
            optionally(User.objects.filter(pk=user.pk).update, last_seen=now)
        return self.get_response(request)

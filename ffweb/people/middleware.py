"""When each member was last here, to the minute."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from ffweb.people.models import User

GRAIN = timedelta(minutes=1)  # a write a request is dear


class LastSeen:
    """Notes the time of a signed-in request, at most once a minute a member."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        now = timezone.now()
        if isinstance(user, User) and (user.last_seen is None or now - user.last_seen > GRAIN):
            User.objects.filter(pk=user.pk).update(last_seen=now)
        return self.get_response(request)

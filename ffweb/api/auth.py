"""Who calls: a Bearer token, or the session's cookie together with the CSRF token."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from ninja.errors import AuthenticationError
from ninja.security import APIKeyCookie, HttpBearer

from ffweb.people.models import User
from ffweb.people.services import user_of_token


class Authed(HttpRequest):
    """A request after authentication; `auth` is an active member."""

    auth: User


class Token(HttpBearer):
    """A token of /tokens or `manage.py api_token`. A wrong one is refused, whatever the cookie says."""

    def authenticate(self, request: HttpRequest, token: str) -> User:
        user = user_of_token(token, request.META.get("REMOTE_ADDR", ""))
        if user is None:
            raise AuthenticationError
        return user


class Session(APIKeyCookie):
    """The cookie of a signed-in browser; what changes something needs X-CSRFToken too."""

    param_name = settings.SESSION_COOKIE_NAME

    def __call__(self, request: HttpRequest) -> User | None:
        if not (isinstance(request.user, User) and request.user.is_active):
            return None
        super().__call__(request)  # the CSRF check
        return request.user

    def authenticate(self, request: HttpRequest, key: str | None) -> User | None:
        return None  # Django's session middleware has done it


AUTH = [Token(), Session()]

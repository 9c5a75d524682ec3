"""What let somebody in, a session or a token, and whether it still would: sockets ask again while they are open."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.models import Session
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from ffweb.people.models import ApiToken, User, hash_secret


class PassEnded(LookupError):
    """Signed out, revoked, expired, or no longer a member."""


@dataclass(frozen=True)
class Pass:
    """Of the member `user_id`: the key of a session, or the number of a token."""

    user_id: int
    session_key: str = field(default="", repr=False)
    token_id: int | None = None

    @property
    def session(self) -> str:
        return named(self.session_key)

    def holder(self) -> User:
        """The member, if the pass would let them in now. Raises PassEnded."""
        user = User.objects.filter(pk=self.user_id, is_active=True).first()
        if user is None or not self._holds(user):
            raise PassEnded
        return user

    def _holds(self, user: User) -> bool:
        if self.token_id is not None:
            return ApiToken.objects.filter(pk=self.token_id, user=user).exists()
        said = self._session()
        known = constant_time_compare(said.get(HASH_SESSION_KEY, ""), user.get_session_auth_hash())
        return known and said.get(SESSION_KEY) == str(user.pk)

    def _session(self) -> dict[str, Any]:
        row = Session.objects.filter(pk=self.session_key, expire_date__gt=timezone.now()).first()
        return row.get_decoded() if row else {}

    def ends(self) -> datetime | None:
        """When the session expires by itself; None for a token."""
        return Session.objects.filter(pk=self.session_key).values_list("expire_date", flat=True).first()


def named(session_key: str | None) -> str:
    """A session's name for other processes: its key opens everything, so it goes nowhere."""
    return hash_secret(session_key)[:32] if session_key else ""

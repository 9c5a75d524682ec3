"""What pages show of people."""

from __future__ import annotations

from django.db.models import Count, Q, QuerySet

from ffweb.people.models import ApiToken, User


def members() -> QuerySet[User]:
    """Everybody, members before former ones, with the number of their `run_count` runs."""
    kept = Count("runs", filter=Q(runs__deleted_at=None))
    return User.objects.annotate(run_count=kept).order_by("-is_active", "username")


def tokens(user: User) -> QuerySet[ApiToken]:
    """The API tokens of `user`, newest first."""
    return ApiToken.objects.filter(user=user).order_by("-created")

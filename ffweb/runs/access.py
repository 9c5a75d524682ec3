"""Who may see and change which run. Every read of a run, by page, API or socket, goes through here."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django.utils import timezone

from ffweb.people.models import User, hash_secret
from ffweb.runs.models import Run, Share


class NotVisible(LookupError):
    """No such run, or not for you: the two are the same answer (404)."""


class ShareGone(LookupError):
    """This link was withdrawn, has expired or never existed: the three are the same answer."""


def runs_for(user: User) -> QuerySet[Run]:
    """The runs `user` may see: their own and the team's. An inactive or anonymous user sees none."""
    if not user.is_authenticated or not user.is_active:
        return Run.objects.none()
    return Run.objects.filter(deleted_at=None).filter(Q(visibility=Run.Visibility.TEAM) | Q(owner=user))


def run_for(user: User, run_id: str) -> Run:
    """The run, if `user` may see it. Raises NotVisible."""
    run = runs_for(user).select_related("owner").filter(pk=run_id.lower()).first()
    if run is None:
        raise NotVisible(run_id)
    return run


def may_change(user: User, run: Run) -> bool:
    """Its owner and an admin may stop, resume, rename, share and delete a run."""
    return user.is_active and (run.owner_id == user.pk or user.is_staff)


def share_for(token: str) -> Share:
    """The live share behind `token`. Raises ShareGone."""
    share = Share.objects.select_related("run", "run__owner").filter(token_hash=hash_secret(token)).first()
    if share is None or not is_live(share):
        raise ShareGone
    return share


def is_live(share: Share) -> bool:
    """Not revoked, not expired, its run not deleted, its maker still a member."""
    return (
        share.revoked_at is None
        and (share.expires_at is None or share.expires_at > timezone.now())
        and share.run.deleted_at is None
        and share.created_by.is_active
    )

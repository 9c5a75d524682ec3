"""Who may see and change which run. Every read of a run, by page, API or socket, goes through here."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django.utils import timezone

from ffweb.people.guesses import guesses
from ffweb.people.models import User
from ffweb.runs.errors import NotYours
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
    """The run, if `user` may see it. Raises NotVisible; what is no id is not asked of the database."""
    run = runs_for(user).select_related("owner").filter(pk=run_id.lower()).first() if is_id(run_id) else None
    if run is None:
        raise NotVisible(run_id)
    return run


def is_id(text: str) -> bool:
    """Whether this could name a run or a group, in either letter case."""
    return 0 < len(text) <= 8 and text.isascii() and text.isalnum()


def may_see(user: User, run: Run) -> bool:
    """The same as `runs_for`, of a run at hand, deleted or not."""
    return user.is_active and (run.visibility == Run.Visibility.TEAM or run.owner_id == user.pk)


def may_change(user: User, run: Run) -> bool:
    """Its owner, and an admin who may see it, may stop, resume, rename, share and delete a run."""
    return may_see(user, run) and (run.owner_id == user.pk or user.is_staff)


def changeable(user: User, run: Run, doing: str) -> Run:
    """`run` as it is stored now, if `user` may see and change it. Raises NotVisible, or NotYours."""
    stored = run_for(user, run.pk)
    if not may_change(user, stored):
        raise NotYours(f"Only {stored.owner.shown_name} and admins may {doing} this run. You can clone it.")
    return stored


def share_for(token: str, address: str = "") -> Share:
    """The live share behind `token`. Raises ShareGone, or TooManyGuesses of that address."""
    with guesses.made(address, token) as hashed:
        share = Share.objects.select_related("run", "run__owner", "created_by").filter(token_hash=hashed).first()
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

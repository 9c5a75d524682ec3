"""Everything that is done to runs. Who may see and who may change is asked here, of the row as it is stored now.

Pages are told and workers rung after the commit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from ffweb.live.push import push_run
from ffweb.people.models import User, hash_secret, new_secret
from ffweb.runs import data, facts, launch, status
from ffweb.runs.access import NotVisible, changeable, is_id, may_change, run_for, runs_for
from ffweb.runs.errors import Refused
from ffweb.runs.launch import create_controls, create_group, create_run
from ffweb.runs.models import Run, Share
from ffweb.runs.transitions import move
from ffweb.runs.withdraw import close_sockets, withdraw
from ffweb.work.bell import ring
from trainer.rundir import RunDir

__all__ = [
    "clone", "create_controls", "create_group", "create_run", "delete", "make_share", "purge",
    "restore", "resume", "revoke_share", "stop", "update",
]  # fmt: skip

KEPT_DAYS = 30
EDITABLE = ("name", "notes", "tags", "visibility", "starred", "archived")


def stop(user: User, run: Run) -> None:
    """A waiting run stops at once, a training one at its next step. Raises Refused if it has ended."""
    changeable(user, run, "stop")
    if move(run.pk, [status.QUEUED], status.STOPPED, reason="Stopped before it started."):
        return
    asked = Run.objects.filter(pk=run.pk, status__in=status.OWNED).update(stop_requested=True)
    if not asked:
        run.refresh_from_db(fields=["status"])
        raise Refused(f"This run is {run.status}: there is nothing to stop.")
    push_run(run.pk)


def resume(user: User, run: Run) -> None:
    """Queue an ended run again, from its checkpoint. Raises Refused if there is none or the run cannot go on."""
    changeable(user, run, "resume")
    if run.status not in status.RESUMABLE:
        raise Refused(f"This run is {run.status}: only {_either(status.RESUMABLE)} runs can be resumed.")
    began = run.seq > 0
    if began and (why := no_checkpoint(run)):
        raise Refused(why)
    if began and (why := data.since(run)):
        raise Refused(f"This run cannot go on: {why}.")
    launch.check_room(user, 1)
    again = {"reason": "", "field": "", "ended": None, "queued_at": timezone.now(), "stop_requested": False}
    with transaction.atomic():
        if not move(run.pk, status.RESUMABLE, status.QUEUED, resume_wanted=began, worker="", **again):
            raise Refused("This run has just been resumed.")
        transaction.on_commit(partial(ring, run.queue))


def _either(words: Sequence[str]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}"


def checkpoint_name(run: Run) -> str:
    """The checkpoint's name in the default storage."""
    return f"{run.pk}/{RunDir(launch.folder(run.pk)).checkpoint.name}"


def no_checkpoint(run: Run) -> str:
    """Why there is no checkpoint to go on from, as a sentence; empty where there is one."""
    name = checkpoint_name(run)
    if default_storage.exists(name):
        return ""
    if run.checkpoint_step is None:
        return "This run wrote no checkpoint before it ended: clone it to start again."
    return (
        f"Its checkpoint of step {run.checkpoint_step} is not to be found as runs/{name} in the FFWEB_HOME of the web: "
        "put it back or mount that folder, or clone the run to start again."
    )


def clone(user: User, run: Run, name: str | None = None, changes: Mapping[str, Any] | None = None) -> Run:
    """A new run of `user` with the config of `run` and `changes`. Raises NotVisible, or ConfigError."""
    run = run_for(user, run.pk)
    return create_run(
        user,
        name=name or f"{run.name} (copy)"[: launch.NAME_LENGTH],
        preset=None,
        config=run.config,
        changes=changes,
        tags=run.tags,
        visibility=run.visibility,
        parent=run,
    )


def update(user: User, run: Run, **fields: Any) -> Run:
    """Set some of `EDITABLE`; what is made private is no longer shared. Raises NotYours, or ConfigError of a field."""
    before = changeable(user, run, "change")
    unknown = set(fields) - set(EDITABLE)
    if unknown:
        raise TypeError(f"not editable: {unknown}")
    for name, value in launch.cleaned(**fields).items():
        setattr(run, name, value)
    with transaction.atomic():
        run.save(update_fields=list(fields))
        if "tags" in fields:
            facts.store_tags(run)
        if before.visibility != run.visibility == Run.Visibility.PRIVATE:
            withdraw(run.shares.all())
        transaction.on_commit(partial(push_run, run.pk))
    return run


def delete(user: User, run: Run) -> None:
    """Take the run away, restorable for 30 days. A training one is stopped; its shares' sockets close."""
    changeable(user, run, "delete")
    with transaction.atomic():
        move(run.pk, [status.QUEUED], status.STOPPED, reason="Deleted before it started.")
        Run.objects.filter(pk=run.pk, status__in=status.OWNED).update(stop_requested=True)
        Run.objects.filter(pk=run.pk).update(deleted_at=timezone.now())
        transaction.on_commit(partial(push_run, run.pk))
        close_sockets(run.shares.values_list("pk", flat=True))


def restore(user: User, run_id: str) -> Run:
    """Bring a deleted run back. Raises Run.DoesNotExist for what `user` has not deleted in the last 30 days."""
    run = Run.objects.select_related("owner").get(pk=run_id.lower() if is_id(run_id) else "", deleted_at__gt=_oldest())
    if not may_change(user, run):
        raise Run.DoesNotExist(run_id)
    run.deleted_at = None
    run.save(update_fields=["deleted_at"])
    push_run(run.pk)
    return run


def _oldest() -> datetime:
    return timezone.now() - timedelta(days=KEPT_DAYS)


def purge() -> list[str]:
    """Drop the rows of runs that were deleted more than 30 days ago; returns their ids, for their folders."""
    old = list(
        Run.objects.filter(deleted_at__lte=_oldest()).exclude(status__in=status.OWNED).values_list("pk", flat=True)
    )
    Run.objects.filter(pk__in=old).delete()
    return old


def make_share(user: User, run: Run, expires_at: datetime | None = None) -> tuple[Share, str]:
    """A read-only link to `run`, and its token, shown this once. Raises ConfigError for an expiry that is past."""
    changeable(user, run, "share")
    if expires_at is not None:
        expires_at = _in_time(expires_at)
    token = new_secret()
    share = Share.objects.create(run=run, created_by=user, token_hash=hash_secret(token), expires_at=expires_at)
    return share, token


def _in_time(moment: datetime) -> datetime:
    """In UTC, as it is stored. Raises ConfigError for what is past, or beyond the calendar."""
    try:
        moment = moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise launch.refused("expires_at", "No calendar has this moment: name one before the year 9999.") from None
    if moment <= timezone.now():
        raise launch.refused("expires_at", "A link has to expire in the future.", "past")
    return moment


def find_share(user: User, share_id: int) -> Share:
    """A link that `user` made, or on a run that they may see. Raises NotVisible."""
    theirs = Q(run__in=runs_for(user)) | Q(created_by=user.pk)
    share = Share.objects.select_related("run", "run__owner").filter(theirs, pk=share_id).first()
    if share is None:
        raise NotVisible(share_id)
    return share


def revoke_share(user: User, share: Share) -> None:
    """Withdraw a link; sockets that are open through it close. Its maker, the run's owner and admins may."""
    if not user.is_active:
        raise NotVisible(share.pk)
    if share.created_by_id != user.pk:
        changeable(user, share.run, "unshare")
    withdraw(Share.objects.filter(pk=share.pk))

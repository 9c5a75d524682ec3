"""A run folder made by the command line, brought into the web. Repeated, it takes in only what is new."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
from django.conf import settings
from django.db.utils import DataError, IntegrityError

from ffweb.live.follow import Follower
from ffweb.people.models import User
from ffweb.runs import facts, launch, status
from ffweb.runs.models import CROCKFORD, Run
from ffweb.runs.survey import NotImported, Survey, read_events, survey
from ffweb.runs.transitions import move
from trainer.events import Event
from trainer.rundir import RunDir, replacing

__all__ = ["NotImported", "import_dir"]

UNTOLD = "Imported before its end was written."
COPY_BYTES = 1 << 20


def import_dir(user: User, source: Path, say: Callable[[str], object] = lambda text: None) -> Run:
    """The run of the folder `source`, as `user`'s; `say` hears what is left out.

    Raises NotImported, or ConfigError for a config that is wrong: then nothing is written.
    """
    found = survey(source)
    run_id = _run_id(found)
    target = RunDir(launch.folder(run_id))
    run = Run.objects.filter(pk=run_id).first()
    if run and run.is_active:
        raise NotImported(f"Run {run_id} is {run.status} here: stop it first.")
    if run and run.deleted_at:
        raise NotImported(f"Run {run_id} was deleted here: restore it first.")
    ours_ahead = _ours_is_ahead(found, target)
    if not ours_ahead:
        _copy(found, target, new=run is None)
    new = run is None
    run = run or _create(user, run_id, found)
    try:
        Follower(run_id, target).drain()
    except (IntegrityError, DataError) as error:
        if new:
            _take_back(run, found, target)
        raise NotImported(f"{source}: its events cannot be stored ({error}).") from error
    _finish(run_id, target, found.events.damage)
    for text in _told(found, ours_ahead):
        say(text)
    run.refresh_from_db()
    return run


def _take_back(run: Run, found: Survey, target: RunDir) -> None:
    """What cannot be imported whole is not imported."""
    run.delete()
    if found.folder.path != target.path.resolve():
        shutil.rmtree(target.path, ignore_errors=True)


def _run_id(found: Survey) -> str:
    """Its name, if it lies among our run folders; else made from config and first event: the same every time."""
    path = found.folder.path
    if path.parent == settings.RUNS_DIR.resolve() and len(path.name) == 8 and set(path.name) <= set(CROCKFORD):
        return path.name
    digest = hashlib.sha256(found.content + orjson.dumps(found.events.first, option=orjson.OPT_SORT_KEYS)).digest()
    return "".join(CROCKFORD[byte % 32] for byte in digest[:8])


def _create(user: User, run_id: str, found: Survey) -> Run:
    began = _moment(found.events.first)
    run = Run.objects.create(
        id=run_id,
        owner=user,
        name=found.config.name,
        config=found.config.model_dump(mode="json"),
        status=status.LOST,
        reason=UNTOLD,
        created=began,
        started=began,
        ended=began,
    )
    facts.store_config(run)
    return run


def _moment(event: Event) -> datetime:
    return datetime.fromtimestamp(event["t"], UTC)


def _ours_is_ahead(found: Survey, target: RunDir) -> bool:
    """Whether ours is the same folder or has gone further. Raises NotImported where both went on, each its own way."""
    if found.folder.path == target.path.resolve():
        return True
    if not target.events.exists():
        return False
    ours = target.events.stat().st_size
    with found.folder.events.open("rb") as theirs, target.events.open("rb") as mine:
        left = min(ours, found.events.size)
        while left and (part := theirs.read(min(left, COPY_BYTES))) == mine.read(len(part)) and part:
            left -= len(part)
    if left:
        raise NotImported(
            f"Run {target.path.name} has gone on here in another way than in {found.folder.path}: "
            "ours is kept as it is. Clone it to start again."
        )
    return ours >= found.events.size


def _copy(found: Survey, target: RunDir, *, new: bool) -> None:
    """The events as far as they can be read, and the run's other files. Raises NotImported, with nothing left of it."""
    fresh = new and not target.path.exists()
    try:
        target.create()
        for name in found.parts:
            shutil.copyfile(found.folder.path / name, target.path / name, follow_symlinks=False)
        _copy_start(found.folder.events, target.events, found.events.size)
    except OSError as error:
        if fresh:
            shutil.rmtree(target.path, ignore_errors=True)
        raise NotImported(f"{error.filename or target.path} could not be copied: {error.strerror}.") from error


def _copy_start(source: Path, target: Path, size: int) -> None:
    with source.open("rb") as file, replacing(target) as copy:
        while size and (part := file.read(min(size, COPY_BYTES))):
            copy.write(part)
            size -= len(part)


def _finish(run_id: str, folder: RunDir, damage: str) -> None:
    """Say how the run ended by its events here; where they are cut short, by what is damaged."""
    events = read_events(folder.events)
    said: dict[str, Any] = {"ended": _moment(events.last)}
    if events.end:
        said |= {"reason": events.end["reason"] or "", "field": (events.end["field"] or "")[:200]}
    elif damage:
        said |= {"reason": f"Imported as far as it can be read: {damage}."}
    move(run_id, status.ENDED, events.end["status"] if events.end else status.LOST, **said)


def _told(found: Survey, ours_ahead: bool) -> list[str]:
    """What of the folder was not taken in, as sentences."""
    if ours_ahead and not found.events.damage:
        return []
    return [f"{text[:1].upper()}{text[1:]}." for text in (found.events.damage, *found.left_out) if text]

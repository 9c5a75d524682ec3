"""A run folder made by the command line, brought into the web. Repeated, it takes in only what is new."""

from __future__ import annotations

import hashlib
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
from django.conf import settings

from ffweb.live.follow import Follower
from ffweb.people.models import User
from ffweb.runs import facts, launch, status
from ffweb.runs.models import CROCKFORD, Run
from ffweb.runs.transitions import move
from trainer import config as trainer_config
from trainer.events import Event, parse_lines, whole_lines
from trainer.rundir import RunDir

TAIL = 1 << 20  # bytes; the last event is in there
UNTOLD = "Imported before its end was written."


class NotImported(Exception):
    """Why a folder cannot be brought in."""


def import_dir(user: User, source: Path) -> Run:
    """The run of the folder `source`, as `user`'s. Raises NotImported, or ConfigError for a config that is wrong."""
    folder = RunDir(source.resolve())
    first = _first_event(folder)
    run_id = _run_id(folder, first)
    run = Run.objects.filter(pk=run_id).first() or _create(user, run_id, folder, first)
    if run.is_active:
        raise NotImported(f"Run {run_id} is {run.status} here: stop it first.")
    target = RunDir(launch.folder(run_id))
    _copy(folder, target)
    Follower(run_id, target).drain()
    _finish(run_id, target)
    run.refresh_from_db()
    return run


def _first_event(folder: RunDir) -> Event:
    for path in (folder.config, folder.events):
        if not path.is_file():
            raise NotImported(f"{folder.path} is no run folder: it has no {path.name}.")
    with folder.events.open("rb") as file:
        events = parse_lines([file.readline().rstrip(b"\n")])
    if not events:
        raise NotImported(f"{folder.events} holds no event yet.")
    return events[0]


def _run_id(folder: RunDir, first: Event) -> str:
    """Its name, if it lies among our run folders; else made from config and first event: the same every time."""
    name = folder.path.name
    if folder.path.parent == settings.RUNS_DIR.resolve() and len(name) == 8 and set(name) <= set(CROCKFORD):
        return name
    digest = hashlib.sha256(folder.config.read_bytes() + orjson.dumps(first, option=orjson.OPT_SORT_KEYS)).digest()
    return "".join(CROCKFORD[byte % 32] for byte in digest[:8])


def _create(user: User, run_id: str, folder: RunDir, first: Event) -> Run:
    config = trainer_config.parse(orjson.loads(folder.config.read_bytes()))
    began = _moment(first)
    run = Run.objects.create(
        id=run_id,
        owner=user,
        name=config.name,
        config=config.model_dump(mode="json"),
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


def _copy(source: RunDir, target: RunDir) -> None:
    """Every file of the folder; nothing if ours is the same folder or has gone further (it was resumed here)."""
    if source.path == target.path.resolve():
        return
    if target.events.exists() and target.events.stat().st_size >= source.events.stat().st_size:
        return
    shutil.copytree(source.path, target.path, dirs_exist_ok=True, ignore=_ignored)


def _ignored(folder: str, names: list[str]) -> set[str]:
    return {name for name in names if name == "stop" or name.endswith(".part") or (Path(folder) / name).is_symlink()}


def _finish(run_id: str, folder: RunDir) -> None:
    last = _last_event(folder)
    ended: dict[str, Any] = {"ended": _moment(last)}
    if last["kind"] == "end":
        ended |= {"reason": last["reason"] or "", "field": last.get("field") or ""}
    move(run_id, status.ENDED, last["status"] if last["kind"] == "end" else status.LOST, **ended)


def _last_event(folder: RunDir) -> Event:
    with folder.events.open("rb") as file:
        file.seek(max(0, folder.events.stat().st_size - TAIL))
        lines, _ = whole_lines(file.read())
    return parse_lines(lines[-1:])[0]

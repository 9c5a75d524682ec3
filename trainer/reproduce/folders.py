"""How far a job's folder is: nothing there, begun, finished, or another run's. Imports no torch."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import orjson

from trainer.config import RunConfig, compose, parse
from trainer.errors import ConfigError
from trainer.events import read_events
from trainer.identity import comparable
from trainer.rundir import RunDir

State = Literal["new", "begun", "finished"]


def state(path: Path, wanted: RunConfig) -> State:
    """How far the run in folder `path` is. Raises ConfigError where it holds a run of another config."""
    folder = RunDir(path)
    if not folder.config.exists():
        return "new"
    there, asked = _comparable(folder), comparable(wanted)
    if there != asked:
        differs = ", ".join(name for name in sorted(there.keys() | asked.keys()) if there.get(name) != asked.get(name))
        msg = f"{path} holds a run of another config (it differs in {differs}): move it away, or take another --out"
        raise ConfigError([{"loc": "out", "msg": msg, "type": "out"}])
    return "finished" if result(folder).get("status") == "finished" else "begun"


@contextmanager
def held(path: Path) -> Iterator[bool]:
    """Hold folder `path`, made where it is not there, against other processes; whether it could be had."""
    path.mkdir(parents=True, exist_ok=True)
    lock = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        free = True
    except BlockingIOError:
        free = False
    try:
        yield free
    finally:
        os.close(lock)


def result(folder: RunDir) -> dict[str, Any]:
    """What result.json says; empty where there is none."""
    return _read(folder.result)


def environment(folder: RunDir) -> dict[str, Any]:
    """What env.json says; empty where there is none."""
    return _read(folder.env)


def last_words(folder: RunDir) -> str | None:
    """The sentence that ended the run, or the console's last line."""
    ends = [event for event in read_events(folder.events)[0] if event["kind"] == "end"]
    if ends and ends[-1]["reason"]:
        return str(ends[-1]["reason"])
    try:
        lines = folder.console.read_text(errors="replace").split("\n")
    except OSError:
        return None
    return next((line for line in reversed(lines) if line.strip()), None)


def _comparable(folder: RunDir) -> dict[str, Any]:
    """The stored config; what cannot be read or parsed equals nothing."""
    try:
        return comparable(parse(compose(None, _read(folder.config) or {"version": None})))
    except ConfigError:
        return {"what can be read": False}


def _read(path: Path) -> dict[str, Any]:
    try:
        content = orjson.loads(path.read_bytes())
    except (OSError, orjson.JSONDecodeError):
        return {}
    return content if isinstance(content, dict) else {}

"""Whose a run folder is: what a trainer asks of it before it writes a single byte there. Imports no torch."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from stat import S_ISREG

import orjson

from trainer.errors import ConfigError, Problem, of_disk
from trainer.events import Event, parse_lines, whole_lines
from trainer.rundir import RunDir

PATIENCE_SECONDS = 10.0
"""How long a worker's trainer waits for one that is just ending there."""
HEAD_BYTES = 1 << 20
LOOK_SECONDS = 0.1


@contextmanager
def held(folder: RunDir, *, patience: float = 0.0) -> Iterator[None]:
    """Be the only trainer of `folder`, which is made if it is not there. Raises ConfigError while another one is.

    The kernel lets go when the process ends. A disk that knows no locks is trusted.
    """
    handle = _made(folder)
    deadline = time.monotonic() + patience
    try:
        while not _locked(handle):
            if time.monotonic() >= deadline:
                raise refusal(f"another trainer is at work in {folder.path}: stop it first, or choose another folder")
            time.sleep(LOOK_SECONDS)
        yield
    finally:
        os.close(handle)


def _made(folder: RunDir) -> int:
    """The events file, open; the folder and it are made if they are not there. Raises ConfigError, OutOfSpace."""
    try:
        folder.path.mkdir(parents=True, exist_ok=True)
        return os.open(folder.events, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        if full := of_disk(error):
            raise full from error
        raise refusal(f"{folder.path} cannot be made: {error.strerror}") from error


def _locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def check(folder: RunDir, *, resume: bool) -> None:
    """Reads only. Raises ConfigError for a folder that holds a run which is not to go on, or something else."""
    _check_kinds(folder)
    first = _first(folder)
    if first is None:
        raise refusal(f"{folder.events} is no events file of a run: choose another folder")
    began = any(event["kind"] == "start" for event in first)
    if resume and not began and folder.checkpoint.exists():
        raise refusal(
            f"{folder.path} holds a checkpoint, and {folder.events.name} tells of no run that wrote it: put a copy of "
            "that file back, or start a new run in another folder"
        )
    if not resume and (began or folder.checkpoint.exists()):
        raise refusal(f"{folder.path} already holds a run; --resume goes on with it, or choose another folder")


def _check_kinds(folder: RunDir) -> None:
    """Refuse what is no plain file where one is read or written: a pipe would be waited for for ever."""
    for path in (folder.config, folder.events, folder.env, folder.checkpoint, folder.checkpoint_meta, folder.result):
        try:
            mode = path.stat().st_mode
        except FileNotFoundError:
            continue
        except OSError as error:
            raise refusal(f"{folder.path} cannot be used: {error.strerror}") from error
        if not S_ISREG(mode):
            raise refusal(f"{path} is no plain file: take it away, or choose another folder")
    if folder.figures.exists() and not (folder.figures.is_dir() and os.access(folder.figures, os.W_OK | os.X_OK)):
        raise refusal(f"{folder.figures} is no folder to write to: take it away, or choose another folder")


def _first(folder: RunDir) -> list[Event] | None:
    """The first events; None where the file holds something else."""
    try:
        with folder.events.open("rb") as file:
            lines, _ = whole_lines(file.read(HEAD_BYTES))
    except FileNotFoundError:
        return []
    except OSError as error:
        raise refusal(f"{folder.events} cannot be read: {error.strerror}") from error
    return parse_lines(lines) or (None if lines else [])


def is_finished(folder: RunDir) -> bool:
    """Whether the run in the folder came to its end and has its result."""
    if not folder.result.exists():
        return False
    last = _last(folder)
    return last is not None and last.get("kind") == "end" and last.get("status") == "finished"


def _last(folder: RunDir) -> Event | None:
    with folder.events.open("rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - HEAD_BYTES))
        line = file.read().rpartition(b"\n")[0].rpartition(b"\n")[2]
    try:
        event = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    return event if isinstance(event, dict) else None


def refusal(msg: str, loc: str = "out") -> ConfigError:
    """The folder cannot be used so."""
    problem: Problem = {"loc": loc, "msg": msg, "type": loc}
    return ConfigError([problem])

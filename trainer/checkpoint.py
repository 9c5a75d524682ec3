"""The state of a run in one file, written so that there is always a whole one."""

from __future__ import annotations

import hashlib
import io
import time
from typing import Any

import orjson
import torch

from trainer.errors import DataError
from trainer.rundir import RunDir, write_bytes, write_json

VERSION = 2


def save(folder: RunDir, state: dict[str, Any], about: dict[str, Any]) -> dict[str, Any]:
    """Write `state` (tensors, numbers, strings, lists, dicts); returns {file, bytes, sha256}.

    `about` goes into checkpoint.json, for people and for checks before a resume.
    """
    saved = time.time()
    body = io.BytesIO()
    torch.save({"version": VERSION, "saved": saved, **state}, body)
    content = body.getvalue()
    write_bytes(folder.checkpoint, content)
    facts = {
        "file": folder.checkpoint.name,
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    write_json(folder.checkpoint_meta, about | facts | {"saved": saved})
    return facts


def load(folder: RunDir) -> dict[str, Any] | None:
    """The stored state, on the CPU; None where there is none. Raises DataError for one that cannot be read."""
    if not folder.checkpoint.exists():
        return None
    try:
        state = torch.load(folder.checkpoint, map_location="cpu", weights_only=True)
    except Exception as error:  # torch.load raises whatever zip, pickle or a missing key bring up
        raise DataError(f"the checkpoint {folder.checkpoint} cannot be read: {error}") from error
    if not isinstance(state, dict) or state.get("version") != VERSION:
        raise DataError(f"the checkpoint {folder.checkpoint} is of another version than this FFWeb reads ({VERSION})")
    _check_whole(folder, state)
    return state


def _check_whole(folder: RunDir, state: dict[str, Any]) -> None:
    """Raises DataError for a file that is not what was written.

    checkpoint.json follows checkpoint.pt, so a kill between the two leaves one of an older file: it is no witness.
    """
    facts = about(folder)
    if "saved" not in state or facts.get("saved") != state["saved"] or not isinstance(facts.get("sha256"), str):
        return
    with folder.checkpoint.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != facts["sha256"]:
        raise DataError(
            f"the checkpoint {folder.checkpoint} is not as it was written ({folder.checkpoint_meta.name} has its "
            "sha256): put a copy of it back, or start a new run"
        )


def about(folder: RunDir) -> dict[str, Any]:
    """What checkpoint.json says; empty where there is none."""
    try:
        facts = orjson.loads(folder.checkpoint_meta.read_bytes())
    except (OSError, orjson.JSONDecodeError):
        return {}
    return facts if isinstance(facts, dict) else {}

"""The state of a run in one file, written so that there is always a whole one."""

from __future__ import annotations

import hashlib
import io
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
    body = io.BytesIO()
    torch.save({"version": VERSION, **state}, body)
    content = body.getvalue()
    write_bytes(folder.checkpoint, content)
    facts = {
        "file": folder.checkpoint.name,
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    write_json(folder.checkpoint_meta, about | facts)
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
    return state


def about(folder: RunDir) -> dict[str, Any]:
    """What checkpoint.json says; empty where there is none."""
    try:
        facts = orjson.loads(folder.checkpoint_meta.read_bytes())
    except (OSError, orjson.JSONDecodeError):
        return {}
    return facts if isinstance(facts, dict) else {}

"""When two configs learn the same: by what they compute, not by their name, device or meters. Imports no torch."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel

from trainer.config import RunConfig

NEUTRAL = ("version", "name", "device", "threads", "compile", "checkpoint", "metrics", "evaluate")
"""Fields of a config that change no result beyond the last bits: where it is computed and how it is watched."""


def essence(config: RunConfig) -> dict[str, Any]:
    """What `config` says beyond the defaults, neutral fields left out.

    Defaults are left out so that a field added to an axis later leaves the older results valid.
    """
    return {name: value for name, value in _sparse(config).items() if name not in NEUTRAL}


def same(a: RunConfig, b: RunConfig) -> bool:
    """Whether both configs, seeds included, compute the same."""
    return essence(a) == essence(b)


def fingerprint(config: RunConfig, but: Sequence[str] = ()) -> str:
    """Twelve hex digits, equal for configs that differ in nothing but seed, neutral fields and those of `but`."""
    content = {name: value for name, value in essence(config).items() if name not in ("seed", *but)}
    return digest(content)


def digest(content: Any) -> str:
    """Twelve hex digits of JSON content."""
    body = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(body.encode()).hexdigest()[:12]


def _sparse(value: Any) -> Any:
    """A model as a dict of its `kind` and of the fields that are not at their default."""
    if isinstance(value, BaseModel):
        kept = {}
        for name, field in type(value).model_fields.items():
            content = getattr(value, name)
            if name == "kind" or content != field.get_default(call_default_factory=True):
                kept[name] = _sparse(content)
        return kept
    if isinstance(value, list | tuple):
        return [_sparse(item) for item in value]
    return value

"""Whether a stored run and a config are the same run: what agrees before anything is written. Imports no torch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from trainer import config as configs
from trainer.claim import refusal
from trainer.config import RunConfig
from trainer.errors import ConfigError
from trainer.rundir import RunDir

# What may change between the parts of a run without making it another one.
FREE = ("name", "device", "threads", "checkpoint")
TOLD = 3
"""Differences that are named."""


def bound(config: RunConfig) -> dict[str, Any]:
    """The part of a config that makes a run what it is."""
    return config.model_dump(mode="json", exclude=set(FREE))


def check_same(config: RunConfig, folder: RunDir, state: Mapping[str, Any] | None) -> None:
    """Raises ConfigError if the folder's run has another config than this: by its checkpoint, else by config.json."""
    stored = state.get("config") if state else _stored(folder)
    if stored is None or stored == bound(config):
        return
    found = list(differences(stored, bound(config)))
    told = "; ".join(f"{path} {before}, not {now}" for path, before, now in found[:TOLD])
    more = f" and {len(found) - TOLD} more" if len(found) > TOLD else ""
    raise refusal(
        f"the run in {folder.path} has another config ({told}{more}): leave the changes out to go on with it, or "
        "choose another folder",
        "resume",
    )


def _stored(folder: RunDir) -> dict[str, Any] | None:
    """config.json as it would be compared; None where it is not there or no config any more."""
    try:
        content = orjson.loads(folder.config.read_bytes())
        return bound(configs.parse(configs.compose(None, content)))
    except (OSError, orjson.JSONDecodeError, ConfigError, AttributeError):
        return None


def differences(before: Any, now: Any, path: str = "") -> Iterator[tuple[str, str, str]]:
    """(dotted path, stored value, value now) of each setting that differs."""
    if isinstance(before, Mapping) and isinstance(now, Mapping):
        kinds = [path] if before.get("kind") != now.get("kind") else []
        for key in ["kind"] if kinds else [*before, *(key for key in now if key not in before)]:
            yield from differences(before.get(key), now.get(key), f"{path}.{key}" if path else key)
    elif before != now:
        yield path, _shown(before), _shown(now)


def _shown(value: Any) -> str:
    return orjson.dumps(value).decode()[:80]

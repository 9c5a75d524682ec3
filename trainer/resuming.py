"""Whether a stored run and a config are the same run, or one that begins with it: asked before anything is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from trainer import checkpoint, identity
from trainer import config as configs
from trainer.claim import refusal
from trainer.config import RunConfig
from trainer.errors import ConfigError
from trainer.rundir import RunDir

TOLD = 3
"""Differences that are named."""


def bound(config: RunConfig) -> dict[str, Any]:
    """The part of a config that makes a run what it is."""
    return identity.without(config.model_dump(mode="json"), identity.RESUMED)


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
        f"choose another folder; more epochs are a new run, with --from {folder.path}",
        "resume",
    )


def begun(config: RunConfig, folder: RunDir) -> dict[str, Any]:
    """The state of another run in `folder` that a run of `config` begins with.

    Raises ConfigError where there is none, or where it is of another net, other data or as long; DataError for one
    that cannot be read.
    """
    state = checkpoint.load(folder)
    if state is None:
        raise refusal(f"{folder.path} holds no checkpoint: name the folder of a run that wrote one", "from")
    differ = (path for path, *_ in differences(state["config"], bound(config)))
    if changed := [path for path in differ if not identity.free(path, identity.BEGUN)]:
        told = "is" if len(changed) == 1 else "are"
        *may, last = reversed(identity.BEGUN)
        raise refusal(
            f"{', '.join(changed[:TOLD])} {told} not as in {folder.path}: a run that begins with its checkpoint may "
            f"differ in {', '.join(may)} and {last}",
            "from",
        )
    epochs, before = getattr(config.schedule, "epochs", 0), state["config"]["schedule"].get("epochs", 0)
    if len(config.phases()) != 1:
        raise refusal("its layers learn one after another, and those that are done learn no more: set joint", "from")
    if epochs <= before:
        raise refusal(f"set schedule.epochs to more than the {before:,} of {folder.path}, all of them counted", "from")
    return state


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

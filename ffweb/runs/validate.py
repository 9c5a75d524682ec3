"""The one validator at the entry: form, API and commands ask it, and a run is only queued if it says yes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import orjson
from django.conf import settings

from ffweb.work import presence
from trainer import config as trainer_config
from trainer import estimate as estimating
from trainer import plain
from trainer.config import RunConfig
from trainer.data.catalogue import DataInfo, facts
from trainer.errors import ConfigError, Problem
from trainer.estimate import Estimate

Queue = Literal["cpu", "gpu"]


@dataclass(frozen=True)
class Checked:
    """A config that can run here, with what it will need; `queue` is where it would wait if it were launched now."""

    config: RunConfig
    estimate: Estimate
    info: DataInfo
    warnings: list[str]
    queue: Queue


def check(
    preset: str | None = None, config: Mapping[str, Any] | None = None, changes: Mapping[str, Any] | None = None
) -> Checked:
    """Preset, config and dotted changes, put together and tried. Raises ConfigError naming every field at fault."""
    _bounded(config, "config")
    _bounded(changes, "set")
    parsed = trainer_config.parse(trainer_config.compose(preset, config, changes))
    info = facts(parsed.data)
    if problems := estimating.problems(parsed, info):
        raise ConfigError(problems)
    queue = queue_for(parsed.device)
    estimate = estimating.estimate(parsed, info)
    if lack := lacking(estimate, queue):
        raise ConfigError([lack])
    return Checked(parsed, estimate, info, estimating.warnings(parsed, info), queue)


def _bounded(value: Mapping[str, Any] | None, loc: str) -> None:
    plain.check(value or {})
    size = len(orjson.dumps(value)) if value else 0
    if size > settings.MAX_CONFIG_BYTES:
        most = settings.MAX_CONFIG_BYTES
        raise ConfigError(
            [{"loc": loc, "msg": f"A config may have {most:,} bytes; this one has {size:,}.", "type": "too_large"}]
        )


def queue_for(device: str) -> Queue:
    """The queue of a config's `device`; `auto` is decided now, by whether a GPU worker was seen in the last minute."""
    if device == "auto":
        return "gpu" if presence.gpu_seen() else "cpu"
    if not device.startswith("cuda"):
        return "cpu"
    if not presence.gpu_seen():
        msg = "No GPU worker was seen in the last minute: choose auto or cpu, or start one."
        raise ConfigError([{"loc": "device", "msg": msg, "type": "no_gpu"}])
    return "gpu"


def lacking(estimate: Estimate, queue: Queue) -> Problem | None:
    """What no worker of the queue has the memory for. A worker that does not say how much it has is trusted."""
    known = [w.meters.get("memory_bytes") for w in presence.workers() if w.queue == queue]
    if known and None in known:
        return None
    if known or queue == "cpu":
        return estimating.fits(estimate, max(known) if known else estimating.available_memory())
    return None

"""What the finished runs of each preset came to that a user may see, in this installation's database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson
from django.db.models import QuerySet

from ffweb.people.models import User
from ffweb.runs import access, status
from ffweb.runs.models import Fact, Run
from trainer import config as trainer_config
from trainer.data.fingerprint import Fingerprint, differ, read
from trainer.errors import ConfigError
from trainer.presets import Preset, words
from trainer.presets.fingerprint import fingerprint
from trainer.presets.summary import accuracy_of

ACCURACY = "test/accuracy"
LATEST = 400  # finished runs of presets that are looked at


@dataclass(frozen=True)
class Reached:
    """What `runs` finished runs of a preset as it stands came to, in words: none is picked by the test images."""

    run_id: str
    """The run in the middle, the lower one of two."""
    middle: str
    least: str
    most: str
    runs: int


def reached(user: User, presets: Iterable[Preset]) -> dict[str, Reached]:
    """{preset: what its runs here reached}; presets that nobody has run as they stand are left out."""
    metrics = {preset.name: series(preset) for preset in presets}
    return {name: _of(values, metrics[name]) for name, values in _finished(user, metrics).items()}


def series(preset: Preset) -> str:
    """The series that a preset is judged by."""
    return accuracy_of(preset.target.metric) if preset.target else ACCURACY


def _finished(user: User, metrics: dict[str, str]) -> dict[str, list[tuple[float, str]]]:
    """{preset: (last value, run)} of the newest finished runs whose config is the preset's."""
    runs = access.runs_for(user).filter(status=status.FINISHED, preset__in=metrics).order_by("-ended")[:LATEST]
    configs = _over_the_same_data(runs)
    keys = {f"result.{metric}.last": metric for metric in metrics.values()}
    facts = Fact.objects.filter(run__in=list(configs), key__in=keys).values_list("run_id", "key", "num")
    wanted: dict[str, str | None] = {}
    found: dict[str, list[tuple[float, str]]] = {}
    for run_id, key, value in facts:
        preset, config = configs[run_id]
        if value is None or keys[key] != metrics[preset]:
            continue
        if preset not in wanted:
            wanted[preset] = _fingerprint(trainer_config.compose(preset))
        if _fingerprint(config) == wanted[preset]:
            found.setdefault(preset, []).append((value, run_id))
    return found


def _fingerprint(config: Mapping[str, Any]) -> str | None:
    return _of_text(orjson.dumps(config))


@lru_cache(maxsize=1024)
def _of_text(config: bytes) -> str | None:
    """Of a config that is JSON; None for one of old that can be run no longer."""
    try:
        return fingerprint(trainer_config.parse(orjson.loads(config)))
    except ConfigError:
        return None


def _over_the_same_data(runs: QuerySet[Run]) -> dict[str, tuple[str, dict[str, Any]]]:
    """{run: (preset, config)}, newest first, without those that saw other data than the newest of their preset."""
    newest: dict[tuple[str, str], Fingerprint] = {}
    found = {}
    for run_id, preset, config, stored in runs.values_list("pk", "preset", "config", "environment__data"):
        mine = read(stored)
        if mine is None or not differ(newest.setdefault((preset, mine["name"]), mine), mine):
            found[run_id] = (preset, config)
    return found


def _of(values: list[tuple[float, str]], metric: str) -> Reached:
    """`values`: (last value, run) of each."""
    found = sorted(values)
    middle, run_id = found[(len(found) - 1) // 2]
    least, most = (words.figure(metric, value) for value in (found[0][0], found[-1][0]))
    return Reached(run_id, words.figure(metric, middle), least, most, len(found))

"""Config, result and tags of a run, flattened into `Fact`, so that the runs table sorts and filters by any key."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any

from ffweb.runs import sound
from ffweb.runs.models import Fact, Run

_KEY, _TEXT = 120, 200  # columns' widths
# A run's tags, by their place: plain keys, so that a search for a tag walks no other facts.
TAG_KEYS = tuple(f"tag.{place}" for place in range(20))


def store_config(run: Run) -> None:
    """Write the `config.…` facts of a new run."""
    _replace(run.pk, "config.", flatten("config", run.config))


def store_tags(run: Run) -> None:
    """Write one fact a tag, under `TAG_KEYS`."""
    _replace(run.pk, "tag.", zip(TAG_KEYS, run.tags, strict=False))


def store_result(run_id: str) -> None:
    """Write the `result.…` facts of a run that has ended: of its result, else of what it measured before it ended.

    `transitions.move` calls it with every final status; nobody else has to.
    """
    run = Run.objects.only("result", "latest", "best", "overall", "started", "ended").get(pk=run_id)
    _replace(run_id, "result.", _result_facts(run))


def _result_facts(run: Run) -> Iterator[tuple[str, Any]]:
    result = sound.mapping(run.result)
    yield from flatten("result", {k: v for k, v in result.items() if k not in ("metrics", "reason", "status")})
    for name, values in metrics_of(run).items():
        rule = name in sound.mapping(run.overall)  # else it is the last value
        yield from flatten(f"result.{name}", {k: v for k, v in values.items() if rule or k != "over"})
    if run.started and run.ended:
        yield "result.duration", (run.ended - run.started).total_seconds()


def metrics_of(run: Run) -> dict[str, dict[str, Any]]:
    """{metric: {last, best, best_step, over}}: of the result, else of what the events said so far."""
    told, best = sound.mapping(run.result).get("metrics"), sound.mapping(run.best)
    if isinstance(told, dict):
        found = {name: values for name, values in told.items() if isinstance(values, dict)}
    else:
        latest = sound.numbers(run.latest)
        found = {name: {"last": value, **sound.mapping(best.get(name))} for name, value in latest.items()}
    over = sound.overall(run.overall)
    return {name: {**values, "over": over.get(name, values.get("last"))} for name, values in found.items()}


def flatten(prefix: str, value: Any) -> Iterator[tuple[str, Any]]:
    """(`prefix.a.b`, scalar) of nested mappings; a list of scalars is one text ("500,500"), others are left out."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from flatten(f"{prefix}.{key}", item)
    elif isinstance(value, list):
        if value and not any(isinstance(item, dict | list) for item in value):
            yield prefix, ",".join(str(item) for item in value)
    elif value is not None:
        yield prefix, value


def _replace(run_id: str, prefix: str, pairs: Iterable[tuple[str, Any]]) -> None:
    Fact.objects.filter(run_id=run_id, key__startswith=prefix).delete()
    rows = {key: _fact(run_id, key, value) for key, value in pairs if len(key) <= _KEY}
    Fact.objects.bulk_create(rows.values(), batch_size=200)


def _fact(run_id: str, key: str, value: Any) -> Fact:
    """A number keeps its text too, so that `config.hidden:500` and `seed:0` find it."""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    number = float(value) if isinstance(value, int | float) else None
    if number is not None and not math.isfinite(number):
        number = None
    return Fact(run_id=run_id, key=key, num=number, txt=text[:_TEXT])

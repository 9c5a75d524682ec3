"""Runs side by side, as data: where their configs differ, and each metric's values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ffweb.runs import sound
from ffweb.runs.data import told_apart
from ffweb.runs.facts import flatten, metrics_of
from ffweb.runs.models import Run
from ffweb.runs.queries import run_payload
from trainer import identity
from trainer.metrics import metric, over_of

MAX_RUNS = 20
_IGNORED = (*identity.WRITTEN, *identity.CALLED)


def comparison(runs: Sequence[Run]) -> dict[str, Any]:
    """{runs, warnings, same, differ, metrics} of `runs`, in their order."""
    configs = {run.pk: dict(flatten("", run.config)) for run in runs}
    paths = dict.fromkeys(path for config in configs.values() for path in config)
    same: dict[str, Any] = {}
    differ: dict[str, dict[str, Any]] = {}
    for path in paths:
        name = path.lstrip(".")
        found = {pk: config[path] for pk, config in configs.items() if path in config}
        if name in _IGNORED:
            continue
        values = list(found.values())
        if len(found) == len(runs) and all(value == values[0] for value in values):
            same[name] = values[0]
        else:
            differ[name] = found
    payloads = [run_payload(run) for run in runs]
    return {
        "runs": payloads,
        "warnings": told_apart(payloads),
        "same": same,
        "differ": differ,
        "metrics": _metrics(runs),
    }


def _metrics(runs: Sequence[Run]) -> dict[str, Any]:
    measured = {run.pk: metrics_of(run) for run in runs}
    return {
        name: _info(name, runs) | {"values": {pk: found[name] for pk, found in measured.items() if name in found}}
        for name in sorted({name for found in measured.values() for name in found})
    }


def _info(name: str, runs: Sequence[Run]) -> dict[str, Any]:
    """Unit, direction and help: as the runs' own first event said, else as this version knows them."""
    for run in runs:
        if told := sound.mapping(sound.mapping(run.metric_info).get(name)):
            return {"over": over_of(name), **told}
    known = metric(name)
    return dict(known.info()) if known else {"unit": "", "better": None, "help": "", "over": "last"}

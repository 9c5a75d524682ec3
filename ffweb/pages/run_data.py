"""What the scripts of the run page and of the share page are given with the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ffweb.pages import charts
from ffweb.pages.form_values import value_at
from ffweb.pages.method import BACKPROP, FROZEN, Method, method
from ffweb.pages.run_words import info_of, test_images
from ffweb.pages.sentence import Outcome, outcome
from ffweb.runs import data, queries, sound
from ffweb.runs.models import Run
from ffweb.runs.queries import Payload
from trainer.metrics import over_of


def page_data(
    run: Run, payload: Payload, *, api: str, socket: str, twin: Payload | None = None, shared: bool = False
) -> dict[str, Any]:
    """Everything but the series, which the scripts fetch from `api` before they open `socket`."""
    info = info_of(run.config)
    return {
        "run": payload,
        "api": api,
        "socket": socket,
        "shared": shared,
        "layers": run.layers if isinstance(run.layers, list) else [],
        "metrics": {
            name: {"over": over_of(name)} | sound.mapping(info) for name, info in sound.mapping(run.metric_info).items()
        },
        "theta": threshold(run.config),
        "epochs": value_at(run.config, "schedule.epochs"),
        "epoch": run.epoch,
        "test_images": test_images(run.config, payload["data"]),
        "figures": [figure["name"] for figure in queries.figures(run)],
        "result": result_parts(run.result),
        "twin": twin_numbers(twin),
        "expected": charts.expected(run.config),
        **charts.as_data(info.kind if info else "image"),
    }


def threshold(config: Mapping[str, Any]) -> float | None:
    """The θ to draw before the trainer has said what it uses."""
    theta = value_at(config, "objective.theta")
    return float(theta) if isinstance(theta, int | float) else None


def result_parts(result: Mapping[str, Any] | None) -> dict[str, Any]:
    """The lists of result.json that are drawn as bars."""
    parts = ("per_layer", "per_epoch")
    found = sound.mapping(result)
    return {name: value for name in parts if isinstance(value := found.get(name), list) and value}


def twin_of(run: Run, group: Sequence[Payload]) -> Payload | None:
    """The backprop run beside it; None for a run that is backprop itself."""
    return _beside(run, group, BACKPROP)


def frozen_of(run: Run, group: Sequence[Payload]) -> Payload | None:
    """The run beside it whose layers stay as they start; None for a run that is one itself."""
    return _beside(run, group, FROZEN)


def _beside(run: Run, group: Sequence[Payload], kind: Method) -> Payload | None:
    """The run of this kind of the same launch, data, widths and seed, whose batch goes through the net as the run's."""
    if method(run.config) == kind:
        return None

    def pairs(other: Payload) -> bool:
        alike = ("data.name", "seed", "architecture.hidden")
        same = all(value_at(other["config"], path) == value_at(run.config, path) for path in alike)
        same = same and _whole(other["config"]) == _whole(run.config)
        saw = data.alike(data.of(run), other.get("data"))
        return other["id"] != run.pk and method(other["config"]) == kind and same and saw

    return next((other for other in group if pairs(other)), None)


def _whole(config: Mapping[str, Any]) -> bool:
    """Whether a batch goes through at once: its peak is no fair rival of one in pieces."""
    return bool(value_at(config, "memory.batch") == "whole")


def outcome_of(run: Payload | None) -> Outcome | None:
    """What a run beside another came to, as far as it is."""
    return None if run is None else outcome(run, test_images(run["config"], run["data"]))


def twin_numbers(twin: Payload | None) -> dict[str, Any] | None:
    """What the numbers under the title are compared with."""
    found = outcome_of(twin)
    if found is None or twin is None:
        return None
    return {
        "id": twin["id"],
        "status": twin["status"],
        "accuracy": found.accuracy,
        "memory": found.memory,
        "energy": found.energy,
        "seconds": found.seconds,
    }

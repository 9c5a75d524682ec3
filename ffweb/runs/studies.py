"""Studies of memory: a group of runs, one a case, each a run like any other. What it tells is read off the runs."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.db.models import QuerySet

from ffweb.people.models import User
from ffweb.runs import launch, services, status, validate
from ffweb.runs.access import NotVisible, is_id, runs_for
from ffweb.runs.errors import Refused
from ffweb.runs.models import Run
from ffweb.runs.silence import HEARD, silent_since
from trainer import estimate as estimating
from trainer.data.catalogue import DataInfo, facts
from trainer.errors import ConfigError, Problem
from trainer.estimate import Estimate
from trainer.profiling.cases import METHODS, Case, holding, parts

TAG = "memory-study"
"""On every run of a study, beside the name of its method."""


_LAYER = re.compile(r"layers/(\d+)/memory/(\w+)")


@dataclass(frozen=True)
class Need:
    """What a case will need, and what speaks against it here."""

    case: Case
    estimate: Estimate | None
    """None for a case that no machine could run."""
    problems: list[Problem]


def needs(cases: Sequence[Case]) -> list[Need]:
    """What each case will need here, by estimate; nothing is stored."""
    return [_need(case) for case in cases]


def _need(case: Case) -> Need:
    try:
        estimate = _estimate(case)
        lacking = validate.lacking(estimate, validate.queue_for(case.device))
    except ConfigError as error:
        return Need(case, None, error.errors)
    return Need(case, estimate, [lacking] if lacking else [])


def _estimate(case: Case) -> Estimate:
    """Raises ConfigError."""
    return _estimated(case, facts(case.config().data))


@lru_cache(maxsize=1024)
def _estimated(case: Case, info: DataInfo) -> Estimate:
    config = case.config()
    if problems := estimating.problems(config, info):
        raise ConfigError(problems)
    return estimating.estimate(config, info)


def create(user: User, cases: Sequence[Case]) -> str:
    """Queue one run a case, all or none; returns their group.

    Raises ConfigError with the problems of all cases that cannot run here, or (loc `layers`) of too many; or TooMany.
    """
    if len(cases) > launch.MAX_GROUP:
        msg = f"A study may have {launch.MAX_GROUP} runs; this one has {len(cases)}: leave out depths or methods."
        raise launch.refused("layers", msg)
    group = launch.group_name()
    rows: list[Run] = []
    found: list[Problem] = []
    for case in cases:
        try:
            rows.append(launch.row(user, _order(case, group)))
        except ConfigError as error:
            found += error.errors
    if found:
        raise ConfigError(found)
    launch.queue(user, rows)
    return group


def _order(case: Case, group: str) -> launch.Order:
    config = case.config().model_dump(mode="json")
    return launch.Order(name=case.title, config=config, tags=[TAG, case.method], group=group)


@dataclass(frozen=True)
class Point:
    """A case of a study and what its run has told so far."""

    case: Case
    run: str
    status: str
    reason: str
    device: str
    silent: bool
    """Whether it should be at work and has not been heard of."""
    on_gpu: bool
    rise: float | None
    """Bytes above the process before the net; of tensors on a GPU."""
    parts: dict[str, float] | None
    """Bytes of weights, gradients, optimiser and activations, as far as the method holds them."""
    seconds: float | None
    """Of training; None until the run has ended."""
    flops: float | None

    @property
    def active(self) -> bool:
        return self.status in status.ACTIVE

    @property
    def told(self) -> bool:
        """Whether the rise is that of training, not of a part of it that ended otherwise."""
        return self.rise is not None and self.status in (status.RUNNING, status.FINISHED)


_COLUMNS = (
    "pk", "reason", "tags", "config", "overall", "device", "queue", "result__per_epoch", "result__flops", *HEARD,
)  # fmt: skip


def read(user: User, group: str) -> list[Point]:
    """The cases of a study that `user` may see, each once, by depth and method. Raises NotVisible where there is none.

    Controls that were started beside a run carry its tags: the first run of a case is the case's.
    """
    points: dict[tuple[str, int], Point] = {}
    for row in _runs(user, group).values(*_COLUMNS):
        point = _point(row)
        if point is not None:
            points.setdefault((point.case.method, point.case.layers), point)
    if not points:
        raise NotVisible(group)
    order = list(METHODS)
    return sorted(points.values(), key=lambda point: (point.case.layers, order.index(point.case.method)))


def _runs(user: User, group: str) -> QuerySet[Run]:
    return runs_for(user).filter(group=group if is_id(group) else None).order_by("created", "pk")


def is_part(run: Run) -> bool:
    """Whether a run belongs to a study."""
    return bool(run.group) and TAG in run.tags and _method(run.tags) is not None


def _method(tags: Sequence[str]) -> str | None:
    return next((tag for tag in tags if tag in METHODS), None)


def _point(row: Mapping[str, Any]) -> Point | None:
    method = _method(row["tags"])
    if TAG not in row["tags"] or method is None:
        return None
    latest = {**row["latest"], **{name: whole[0] for name, whole in row["overall"].items()}}
    epochs = row["result__per_epoch"]
    return Point(
        case=_case(method, row["config"]),
        run=row["pk"],
        status=row["status"],
        reason=row["reason"] or status.known(row["status"]).sentence,
        device=row["device"],
        silent=silent_since(Run(**{name: row[name] for name in HEARD})) is not None,
        on_gpu="memory/cuda" in latest,
        rise=latest.get("memory/rise"),
        parts=_parts(method, latest),
        seconds=sum(epoch["e2e_seconds"] for epoch in epochs) if epochs else None,
        flops=row["result__flops"],
    )


def _case(method: str, config: Mapping[str, Any]) -> Case:
    hidden = config["architecture"]["hidden"]
    return Case(
        method=method,
        layers=len(hidden),
        hidden=hidden[0],
        batch=config["schedule"]["batch_size"],
        data=config["data"]["name"],
        images=config["data"]["train_size"],
        device=config["device"],
        threads=config["threads"],
    )


def _parts(method: str, latest: Mapping[str, float]) -> dict[str, float] | None:
    by_layer: dict[int, dict[str, float]] = {}
    for name, value in latest.items():
        if found := _LAYER.fullmatch(name):
            by_layer.setdefault(int(found[1]), {})[found[2]] = value
    return parts(list(by_layer.values()), **held(method)) if by_layer else None


@lru_cache
def held(method: str) -> dict[str, bool]:
    """How a method holds its layers, whatever their number."""
    return holding(Case(method, 1, data="digits").config())


def rows(points: Sequence[Point]) -> list[dict[str, Any]]:
    """What has been measured or has failed, as `python -m trainer profile-memory` keeps it in OUT/memory.json.

    What a run does not tell of its process is null.
    """
    return [_row(point) for point in points if not point.active]


def _row(point: Point) -> dict[str, Any]:
    if point.status != status.FINISHED or point.rise is None:
        return point.case.as_dict() | {"failed": point.reason}
    return point.case.as_dict() | {
        "seconds": point.seconds,
        "cpu_seconds": None,
        "flops": point.flops,
        "rise": {
            "rss": None if point.on_gpu else point.rise,
            "anonymous": None,
            "cuda": point.rise if point.on_gpu else None,
        },
        "before": {"rss": None, "anonymous": None, "cuda": None},
        "parts": point.parts or {},
    }


def stop(user: User, group: str) -> tuple[int, list[str]]:
    """Stop what waits or trains: how many were stopped or asked to, and why others were not. Raises NotVisible."""
    active = {point.run for point in read(user, group) if point.active}
    stopped, refusals = 0, []
    latest_first = _runs(user, group).filter(pk__in=active).select_related("owner").reverse()  # before a worker is free
    for run in latest_first:
        try:
            services.stop(user, run)
        except Refused as refused:
            refusals.append(refused.detail)
        else:
            stopped += 1
    return stopped, list(dict.fromkeys(refusals))

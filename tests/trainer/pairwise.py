"""Combinations of axis values that hold every pair of values that can stand together."""

from __future__ import annotations

import random
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

from pydantic import TypeAdapter

from trainer import compatibility
from trainer.axes.normalisation import Normalisation
from trainer.axes.optimiser import AnyCurve
from trainer.config import RunConfig
from trainer.data.family import DataInfo

Point = dict[str, int]
"""By axis, the number of its value."""
Pair = frozenset[tuple[str, int]]

SIZES: dict[str, dict[str, Any]] = {
    "mlp": {"hidden": [20, 20, 10]},
    "conv": {"channels": "10, 10p, 20"},
    "local": {"units": 10, "field": 3},
    "recurrent": {"hidden": [20, 10], "ticks": 3, "score_ticks": 2},
    "transformer": {"patch": 4, "width": 20, "depth": 2, "heads": 2},
    "projection": {"start": "normal"},
    "rollout": {"rolls": 8, "length": 6},
}
"""What makes a kind's net small, or lets it move from the first step on."""
MORE: dict[str, list[dict[str, Any]]] = {
    "architecture": [{"kind": "conv", "channels": "10, 10, 20", "shortcuts": "add_concat"}],
    "goodness": [
        {"kind": "activity", "power": 1, "reduce": "sum", "sign": -1},
        {"kind": "activity", "constraint_share": 0.3},
        {"kind": "activity", "regions": 2},
        {"kind": "groups", "power": 1},
        {"kind": "projection", "start": "normal", "trained": False},
    ],
    "objective": [
        {"kind": "cross_entropy", "terms": [{"kind": "similarity", "weight": 0.9}]},
        {
            "kind": "margin",
            "terms": [{"kind": "contrast", "width": 8, "weight": 0.3}, {"kind": "similarity", "weight": 0.3}],
        },
    ],
    "scope": [{"kind": "whole", "losses": "all"}],
    "schedule": [{"kind": "joint", "activities": "after"}],
    "competitors": [
        {"kind": "wrong_label", "count": 3},
        {"kind": "hard_wrong_label", "from": "all"},
        {"kind": "hard_wrong_label", "from": "head"},
    ],
    "readout": [{"kind": "softmax", "epochs": 1}],
    "regulariser": [{"weight_decay": 0.1}, {"dropout": 0.3}, {"input_dropout": 0.3}, {"peer": 0.1}],
    "layers": [[{"span": "1", "frozen": True}], [{"span": "2-", "window": (0, 1)}]],
    "data": [{"valid_size": 10}, {"name": "python-topics", "window": 4, "prefix": 60}],
}
"""Values beside the defaults of each kind; the first value of an axis is the run's default."""
SLOTS = ("input", "before", "handover")
DULL = {"seed", "device", "threads", "memory", "evaluate", "metrics", "checkpoint", "name", "version", "normalisation"}


def axes() -> dict[str, list[Any]]:
    """The values of every axis; a new kind joins by itself."""
    found = {}
    for name, field in RunConfig.model_fields.items():
        if name not in DULL:
            found[name] = _values(name, field.annotation, getattr(RunConfig(), name))
    for slot in SLOTS:
        annotation = Normalisation.model_fields[slot].annotation
        found[f"normalisation.{slot}"] = _values(slot, annotation, getattr(Normalisation(), slot))
    found["optimiser.curve"] = _values("curve", AnyCurve, RunConfig().optimiser.curve)
    return found


def _values(name: str, annotation: Any, default: Any) -> list[Any]:
    """The default first, every kind once, and what MORE adds."""
    options = typing.get_args(annotation)
    kinds = [option for option in options if "kind" in getattr(option, "model_fields", {})]
    if not kinds and options and hasattr(options[0], "__args__"):  # Annotated[A | B, …]
        kinds = list(options[0].__args__)
    tags = [kind.model_fields["kind"].default for kind in kinds]
    rest = [{"kind": tag} for tag in tags if tag != getattr(default, "kind", None)] + MORE.get(name, [])
    adapter: TypeAdapter[Any] = TypeAdapter(annotation)
    first = {"kind": default.kind} if hasattr(default, "kind") else default
    values = [{**SIZES.get(v.get("kind", ""), {}), **v} if isinstance(v, dict) else v for v in [first, *rest]]
    return [adapter.validate_python(value) for value in values]


def config_of(point: Mapping[str, int], values: Mapping[str, Sequence[Any]]) -> RunConfig:
    """The run at `point`; axes it does not name have their defaults."""
    chosen = {axis: values[axis][point.get(axis, 0)] for axis in values}
    norms = {slot: chosen.pop(f"normalisation.{slot}") for slot in SLOTS}
    curve = chosen.pop("optimiser.curve")
    chosen["optimiser"] = chosen["optimiser"].model_copy(update={"curve": curve})
    short = {"batch_size": 12, "epochs": 1}
    chosen["schedule"] = chosen["schedule"].model_copy(update=short)
    return RunConfig().model_copy(update={**chosen, "normalisation": Normalisation(**norms), "threads": 1})


class Walk:
    """A greedy choice of points: every pair that can stand in one of the `bases` is in one of them."""

    def __init__(
        self, values: Mapping[str, Sequence[Any]], bases: Sequence[Point], info: Callable[[RunConfig], DataInfo]
    ):
        self.values, self.bases, self._info = values, bases, info
        self.refused: dict[Pair, set[str]] = {}
        """Pairs that stand nowhere, and the sentences that say why."""
        self._sentences: dict[Pair, set[str]] = {}

    def problems(self, point: Point) -> list[str]:
        """What is said against it."""
        config = config_of(point, self.values)
        found = compatibility.problems(config) or compatibility.data_problems(config, self._info(config))
        return [f"{each['loc']}: {each['msg']}" for each in found]

    def points(self) -> Iterator[Point]:
        chance = random.Random(0)
        cells = [(axis, n) for axis, values in self.values.items() for n in range(len(values))]
        open_ = {frozenset(pair) for pair in combinations(cells, 2) if pair[0][0] != pair[1][0]}
        for pair in sorted(open_, key=sorted):
            if pair not in open_:
                continue
            point = self._stand(pair)
            if point is None:
                open_.discard(pair)
                continue
            self._enrich(point, set(dict(pair)), open_, chance)
            open_ -= set(map(frozenset, combinations(self._full(point).items(), 2)))
            yield point

    def _full(self, point: Point) -> Point:
        return {axis: point.get(axis, 0) for axis in self.values}

    def _stand(self, pair: Pair) -> Point | None:
        """A base in which the pair can stand."""
        sentences = set()
        for base in self.bases:
            point = {**base, **dict(pair)}
            found = self.problems(point)
            if not found:
                return point
            sentences |= set(found)
        self.refused[pair] = sentences
        return None

    def _enrich(self, point: Point, fixed: set[str], open_: set[Pair], chance: random.Random) -> None:
        """Change the other axes, one by one, where that brings open pairs and is allowed."""
        others = [axis for axis in self.values if axis not in fixed]
        chance.shuffle(others)
        for axis in others:
            rest = [(other, n) for other, n in self._full(point).items() if other != axis]
            gains = [
                (sum(frozenset(((axis, n), cell)) in open_ for cell in rest), n) for n in range(len(self.values[axis]))
            ]
            for gain, n in sorted(gains, reverse=True)[:3]:
                if gain and not self.problems({**point, axis: n}):
                    point[axis] = n
                    break

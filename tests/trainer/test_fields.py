"""No dead options: every field of every value of every axis changes the weights, or what is measured of them."""

from __future__ import annotations

import typing
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pytest
from pydantic import BaseModel

from tests.trainer import tiny
from trainer.config import RunConfig
from trainer.errors import ConfigError

# What has to stand beside a value of an axis for a run to make sense, or for the field to matter.
ROWS = {"preset": "mono-forward-digits"}
MAPS = {"architecture": {"kind": "conv", "channels": "4, 6"}, "architecture.hidden": None}
SPLIT = {"goodness.power": 1, "goodness.constraint_share": 0.3}
RECURRENT = {"architecture.kind": "recurrent", "architecture.hidden": [16, 12], "label_code.kind": "top"}
TRANSFORMER = {
    "architecture": {"kind": "transformer", "patch": 4, "width": 8, "depth": 2, "heads": 2, "ratio": 1},
    "architecture.hidden": None,
    "label_code.kind": "channel",
}
CONTEXT = {
    "architecture.conv": {**MAPS, "label_code.kind": "channel"},
    "architecture.shortcuts": {"architecture.channels": "4, 4, 4, 4"},
    "architecture.recurrent": RECURRENT,
    "architecture.transformer": TRANSFORMER,
    "label_code.top": RECURRENT,
    "goodness.projection": tiny.MONO,
    "goodness.groups": {**ROWS, "architecture.hidden": [20, 30]},
    "goodness.patch_projection": ROWS,
    "goodness.prototype": ROWS,
    "goodness.pool": {**ROWS, **MAPS},
    "goodness.regions": {**MAPS, "label_code.kind": "channel"},
    "objective.terms": ROWS,
    "normalisation.input.group": {"normalisation.input": {"kind": "group", "groups": 4}},
    "normalisation.before.layer": SPLIT,
    "normalisation.before.group": {**SPLIT, "normalisation.before": {"kind": "group", "groups": 4}},
    "normalisation.handover.group": {"normalisation.handover": {"kind": "group", "groups": 4}},
    "scope.block": {"architecture.hidden": [16, 12, 8], "readout.kind": "softmax"},
    "schedule.alternating": {"scope.kind": "pair"},
    "readout.range": {**ROWS, "data.valid_size": 40},
    "readout.better": {**ROWS, "data.valid_size": 40},
    "readout.pool": {**MAPS, "label_code.kind": "channel"},
    "competitors.classes": tiny.MONO,
    "competitors.rollout": {
        "data.name": "python-topics",
        "label_code.kind": "next",
        "readout.kind": "softmax",
        "competitors.rolls": 8,
        "competitors.length": 5,
    },
    "label_code.none": tiny.MONO,
    "readout.sum": tiny.MONO,
    "readout.last": tiny.MONO,
    "scope.whole": tiny.BACKPROP,
    "scope.recompute": {"architecture.hidden": [16, 12, 8]},  # two layers are one run, which is never left
    "normalisation.before": {"goodness.power": 1},
    "data.window": {"data.name": "python-topics", "label_code.kind": "next"},
    "data.prefix": {"data.name": "python-topics", "label_code.kind": "next"},
    "regulariser.peer_rows": {"regulariser.peer": 0.3},
    "label_code.next": {"data.name": "python-topics"},
}
OTHER: dict[str, Any] = {
    "data.name": "npz:small",
    "data.train_size": 120,
    "data.valid_size": 20,
    "data.test_size": 50,
    "data.prefix": 100,
    "architecture.hidden": [16, 13],
    "architecture.channels": "4, 8p",
    "architecture.kernel": 5,
    "architecture.field": 3,
    "architecture.patch": 2,
    "architecture.width": 12,
    "architecture.heads": 4,
    "device": "cuda",  # refused where there is none
    "checkpoint.every_seconds": 0.0,
    "strength": 2.5,
    "terms": [{"kind": "similarity"}],
    "theta_negative": 0.5,
    "clip": 0.01,
    "slower": 0.1,
    "at": (0.2, 0.8),
    "to": (0.3, 0.1),
    "groups": 2,
}
NOT_OF_THE_RESULT = {
    "version": "says how to read the rest",
    "name": "is what the run is called",
    "compile": "says how steps are carried out: test_compiled.py holds that nothing but rounding differs",
    "evaluate.at_end": "says what the result's last word is of: test_command.py holds that it does",
    "memory.kind": "says where weights wait: test_streamed.py holds that nothing else differs",
    "memory.batch": "says how much is in memory at once: test_learning.py holds that nothing else differs",
}


class Leaf(NamedTuple):
    """A field, the kinds of the values that hold it, and what pydantic knows of it."""

    path: str
    kinds: dict[str, str]
    annotation: Any


def leaves(model: type[BaseModel], path: str = "", kinds: dict[str, str] | None = None) -> Iterator[Leaf]:
    """All fields, through all kinds of every axis."""
    for name, field in model.model_fields.items():
        here = path + (field.alias or name)
        values = [m for m in typing.get_args(field.annotation) or (field.annotation,) if hasattr(m, "model_fields")]
        for value in values:
            kind = value.model_fields.get("kind")
            chosen = {f"{here}.kind": kind.default} if kind else {}
            yield from leaves(value, f"{here}.", {**(kinds or {}), **chosen})
        if not values:
            yield Leaf(here, kinds or {}, field.annotation)


ALL = [leaf for leaf in leaves(RunConfig) if not leaf.path.startswith("layers.")]  # overrides have their own test
KINDS = [leaf for leaf in ALL if leaf.path.endswith("kind")]
FIELDS = [leaf for leaf in ALL if leaf not in KINDS and leaf.path not in NOT_OF_THE_RESULT]


def name(leaf: Leaf) -> str:
    return " ".join([leaf.path, *leaf.kinds.values()])


def others(leaf: Leaf, now: Any) -> list[Any]:
    """Values to try in place of `now`."""
    for key in (leaf.path, leaf.path.split(".")[-1]):
        if key in OTHER:
            return [OTHER[key]]
    if typing.get_origin(leaf.annotation) is typing.Literal:
        return [option for option in typing.get_args(leaf.annotation) if option != now]
    if isinstance(now, bool):
        return [not now]
    if isinstance(now, float):
        return [now / 2 or 0.3]
    return [2 if now is None else now + 1]


def beside(leaf: Leaf) -> dict[str, Any]:
    """The config in which the field is changed."""
    found: dict[str, Any] = {}
    for key, changes in CONTEXT.items():
        axis, _, kind = key.rpartition(".")
        if f"{leaf.path}.".startswith(f"{key}.") or leaf.kinds.get(f"{axis}.kind") == kind:
            found |= changes
    return found | leaf.kinds


def outcome(changes: dict[str, Any], out: Any) -> Any:
    """All that a run leaves behind but times and bytes of memory; for a refused config, why."""
    try:
        stored = tiny.train(tiny.config(changes), out)
    except ConfigError as error:
        return error.reason
    kinds = [event["kind"] for event in tiny.events(out) if event["kind"] in ("metrics", "checkpoint")]
    weights = [flat.numpy().tobytes() for flat in [*tiny.weights(stored), *stored["head"].values()]]
    return weights, tiny.points(out), kinds, tiny.events(out, "start")[0]["environment"]["threads"]


@pytest.fixture(scope="module", autouse=True)
def _another_data_set(tmp_path_factory):
    folder, chance = tmp_path_factory.mktemp("sets"), np.random.RandomState(0)
    pixels, labels = chance.randint(0, 255, (300, 8, 8), dtype=np.uint8), np.arange(300) % 10
    np.savez(folder / "small.npz", x_train=pixels, y_train=labels, x_test=pixels[:100], y_test=labels[:100])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FFWEB_DATASETS", str(folder))
        yield


@pytest.fixture(scope="module")
def unchanged(tmp_path_factory):
    """Outcomes before a change, each computed once."""
    known: dict[str, Any] = {}

    def find(changes: dict[str, Any]) -> Any:
        key = repr(sorted(changes.items()))
        if key not in known:
            known[key] = outcome(changes, tmp_path_factory.mktemp("unchanged"))
        return known[key]

    return find


@pytest.mark.parametrize("leaf", FIELDS, ids=name)
def test_every_field_changes_the_weights_or_what_is_measured(leaf, unchanged, tmp_path):
    config: Any = tiny.config(beside(leaf)).model_dump(mode="json")
    for key in leaf.path.split("."):
        config = config[key]
    for number, value in enumerate(others(leaf, config)):
        changed = outcome({**beside(leaf), leaf.path: value}, tmp_path / str(number))
        assert changed != unchanged(beside(leaf)), f"{leaf.path} = {value!r} changes nothing"


def test_every_kind_of_every_axis_differs_from_the_others(unchanged):
    for axis in {leaf.path for leaf in KINDS} - NOT_OF_THE_RESULT.keys():
        outcomes = [unchanged(beside(leaf)) for leaf in KINDS if leaf.path == axis]
        assert all(a != b for n, a in enumerate(outcomes) for b in outcomes[:n]), axis


def test_every_field_of_an_override_changes_something(unchanged, tmp_path):
    variants = [
        [{"span": "2", "frozen": True}],
        [{"span": "1-2", "frozen": True}],
        [{"span": "2-", "objective": {"kind": "symba"}}],
        [{"span": "2-", "optimiser": {"kind": "sgd"}}],
    ]
    outcomes = [outcome({"layers": layers}, tmp_path / str(n)) for n, layers in enumerate(variants)]
    assert all(a != b for n, a in enumerate(outcomes) for b in [*outcomes[:n], unchanged({})])


def test_the_strongest_label_is_the_brightest_pixel(unchanged):
    bright = {"data.standardise": "dataset", "label_code.strength": "max"}
    assert unchanged(bright) != unchanged({**bright, "label_code.strength": 1.0})

"""Each value of the axes in 200 steps on digits: better than a softmax on the same net as it starts, frozen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

import pytest
import torch
from pydantic import BaseModel

from trainer.config import RunConfig, compose, parse
from trainer.controls import CONTROLS
from trainer.data import load
from trainer.loop import learn, open_phase
from trainer.recorder import Recorder
from trainer.report import judge_test
from trainer.rundir import RunDir
from trainer.session import Session
from trainer.stopping import Stop

CPU = torch.device("cpu")
BASE: dict[str, Any] = {
    "architecture.hidden": [64],
    "schedule.epochs": 9,  # of 23 steps
    "schedule.batch_size": 64,
    "optimiser.lr": 0.005,
    "optimiser.curve.kind": "linear",
    "threads": 1,
}
TWO: dict[str, Any] = {"architecture.hidden": [64, 64]}
LONG: dict[str, Any] = {"schedule.epochs": 24}  # what learns slowly catches up with a softmax on frozen layers
PROJECTION: dict[str, Any] = {"kind": "projection", "start": "normal"}
ONE_PASS: dict[str, Any] = {"label_code.kind": "none", "competitors.kind": "classes", "readout.kind": "sum"}
ROWS: dict[str, Any] = {**ONE_PASS, "goodness": PROJECTION, "objective.kind": "cross_entropy"}
TEN: dict[str, Any] = {**ROWS, "architecture.hidden": [100], "objective.temperature": 0.2}
MAPS: dict[str, Any] = {"architecture": {"kind": "conv", "channels": "8p"}, "architecture.hidden": None}
ALONE: dict[str, Any] = {"label_code.kind": "none", "readout.kind": "softmax"}
TOKENS: dict[str, Any] = {
    "architecture": {"kind": "transformer", "patch": 4, "width": 20, "depth": 2, "heads": 2},
    "architecture.hidden": None,
}
SETTLING: dict[str, Any] = {
    "architecture": {"kind": "recurrent", "hidden": [64], "ticks": 4, "score_ticks": 2},
    "architecture.hidden": None,
}
FIELDS: dict[str, Any] = {"architecture": {"kind": "local", "units": 4, "field": 3}, "architecture.hidden": None}
TEXT: dict[str, Any] = {
    "data": {"name": "python-topics", "window": 6, "prefix": 20_000, "train_size": 3000, "test_size": 500},
    "label_code.kind": "next",
    "schedule.epochs": 4,
}
UNSQUARED: dict[str, Any] = {**TWO, "goodness.power": 1}
HEARD: dict[str, Any] = {**TWO, "objective": {"kind": "threshold", "theta": 1.0, "slope": 10.0}}

CASES: dict[str, dict[str, Any]] = {
    "swish_symba": {},
    "symba": {"objective.kind": "symba"},
    "threshold": {"objective": {"kind": "threshold", "theta": 1.0, "slope": 6.0}},
    "two thresholds": {
        **LONG,
        "architecture.hidden": [40],
        "objective": {"kind": "threshold", "theta": 1.5, "theta_negative": 0.7, "slope": 6.0},
    },
    "margin": {"objective": {"kind": "margin", "margin": 0.5}, "competitors.count": 3},
    "cross_entropy": {"competitors.kind": "all_labels", "objective": {"kind": "cross_entropy", "temperature": 0.2}},
    "unsquared": {"goodness.power": 1},
    "sum": {"goodness.reduce": "sum", "objective.alpha": 0.1},
    "minimised": {"goodness.sign": -1},
    "constraints": {"goodness.constraint_share": 0.5},
    # by the sweep 0.917 against 0.942 with 24 channels: a softmax on all places of a random map is strong on digits
    "regions": {
        **MAPS,
        "goodness.regions": 2,
        "label_code.kind": "channel",
        "optimiser.lr": 0.02,
        "readout": {"kind": "softmax", "pool": 2},
    },
    "below": {**HEARD, "context.kind": "below"},
    "others": {**HEARD, "context.kind": "others"},
    "later": {**TWO, "context.kind": "later"},
    "later, by threshold": {**HEARD, "context.kind": "later", "objective.theta": 2.0, "objective.slope": 4.0},
    "sign": {**TWO, **LONG, "normalisation.handover.kind": "sign"},
    "quantise": {**TWO, **LONG, "normalisation.handover.kind": "quantise"},
    "permutation": {**TWO, "normalisation.handover.kind": "permutation"},
    "layer norm": {**TWO, "normalisation.handover.kind": "layer"},
    "batch norm": {"normalisation.before.kind": "batch"},
    "student_t": {"activation.kind": "student_t"},
    "triangle": {"activation.kind": "triangle"},
    "adamw": {"optimiser.kind": "adamw"},
    "sgd": {"optimiser.kind": "sgd", "optimiser.lr": 1.0},
    "averaged": {"optimiser.kind": "sgd", "optimiser.lr": 8.0, "optimiser.averaged": True},
    "clip": {"optimiser.clip": 0.5},
    "cosine": {"optimiser.curve.kind": "cosine"},
    "steps": {"optimiser.curve.kind": "steps"},
    "pair": {**TWO, "scope.kind": "pair"},
    "alternating": {**TWO, "scope.kind": "pair", "schedule.kind": "alternating"},
    "greedy": {**TWO, "schedule.kind": "greedy", "schedule.epochs": 5},
    "projection": ROWS,
    "frozen projection": {**ROWS, "goodness": {**PROJECTION, "trained": False}},
    "groups": {**TEN, "goodness": {"kind": "groups"}},
    "unsquared groups": {**TEN, "goodness": {"kind": "groups", "power": 1}},
    "prototype": {**ROWS, "goodness": {"kind": "prototype"}},
    "patch_projection": {**ROWS, "goodness": {"kind": "patch_projection", "patch": 1}, "objective.temperature": 0.2},
    "similarity": {**ROWS, "objective.terms": [{"kind": "similarity", "weight": 0.99}]},
    "contrast": {**ROWS, "objective.terms": [{"kind": "contrast"}]},
    "range": {**ROWS, **TWO, "readout.kind": "range", "data.valid_size": 100},
    "block": {**ROWS, **TWO, "scope": {"kind": "block"}, "readout.kind": "last"},
    "whole": {**ROWS, **TWO, "scope.kind": "whole", "readout.kind": "last"},
    "recurrent": {**SETTLING, "label_code.kind": "top"},
    "transformer": {**TOKENS, "label_code.kind": "channel"},
    "fan_out": {"init.kind": "fan_out"},
    "torch_default": {"init.kind": "torch_default"},
    "concat": {"label_code.kind": "concat"},
    "pattern": {"label_code.kind": "pattern"},
    "next": TEXT,
    "hard_wrong_label": {"competitors.kind": "hard_wrong_label"},
    "hybrid_image": {**ALONE, "competitors.kind": "hybrid_image"},
    "noise": {**ALONE, "competitors.kind": "noise"},
    "interpolation": {**ALONE, "competitors.kind": "interpolation"},
    "pair of images": {**ALONE, "competitors.kind": "pair"},
    "local": {**LONG, **FIELDS, "optimiser.lr": 0.02, "readout.kind": "softmax"},
    "bfloat16": {"precision.kind": "bfloat16"},
    "probe": {**ALONE, "competitors.kind": "hybrid_image", "readout.kind": "probe"},
    "constant": {"optimiser.curve.kind": "constant"},
    "input none": {**TWO, "normalisation.input.kind": "none"},
    "input unit_l2": {**TWO, "normalisation.input.kind": "unit_l2", "optimiser.lr": 0.03},
    "input layer": {**TWO, **LONG, "normalisation.input.kind": "layer"},
    "input group": {**TWO, **LONG, "normalisation.input": {"kind": "group", "groups": 8}},
    "input batch": {**TWO, "normalisation.input.kind": "batch"},
    "before unit_l2": {**UNSQUARED, "normalisation.before.kind": "unit_l2"},
    "before rms": {**UNSQUARED, "normalisation.before.kind": "rms"},
    "before layer": {**ROWS, "normalisation.before.kind": "layer"},
    "before group": {**ROWS, "normalisation.before": {"kind": "group", "groups": 8}},
    "handover none": {**TWO, "normalisation.handover.kind": "none"},
    "handover unit_l2": {**TWO, "normalisation.handover.kind": "unit_l2"},
    "handover group": {**TWO, "normalisation.handover": {"kind": "group", "groups": 8}},
    "handover batch": {**TWO, "normalisation.handover.kind": "batch"},
    "deep supervision": {**ROWS, **TWO, "scope": {"kind": "whole", "losses": "all"}},
}
"""By value, the config in which it is tried: settings that suit it."""
CANNOT = {
    "later, by threshold": 0.733,  # layer 1 is told that the layers above know
    "noise": 0.831,  # it is told from strokes without knowing any shape
    "input group": 0.956,  # 0.967 frozen: rows of pixels, each scaled on its own, suit random layers as well
}
"""What stays below its frozen net, and the accuracy that was measured."""
UNTRIED = {
    ("architecture", "pixels"): "a softmax on the pixels has no layer that learns",
    ("competitors", "rollout"): "in so few steps a head says nothing but the commonest character",
    ("readout", "better"): "it chooses between two readouts for controls, which learn no layer",
    ("memory", "streamed"): "the weights are those of a resident run, bit for bit (test_streamed)",
}
"""By axis and kind, what has no case, and why."""


def tried(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """(axis, kind) of every value in a config; those in lists under the list's name."""
    if isinstance(value, list | tuple):
        for part in value:
            yield from tried(part, path)
    elif isinstance(value, BaseModel):
        if hasattr(value, "kind"):
            yield path, value.kind
        for name in type(value).model_fields:
            yield from tried(getattr(value, name), f"{path}.{name}" if path else name)


def offered(annotation: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """(axis, kind) of every value that a config can have, overrides of single layers aside."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        if "kind" in annotation.model_fields:
            yield path, annotation.model_fields["kind"].default
        for name, field in annotation.model_fields.items():
            if name != "layers":
                yield from offered(field.annotation, f"{path}.{name}" if path else name)
    for part in get_args(annotation):
        yield from offered(part, path)


def test_every_value_has_a_case():
    cases = {found for name in CASES for found in tried(config_of(name))}
    missing = set(offered(RunConfig)) - cases - set(UNTRIED)
    assert missing == set(), "add a config in which it learns to CASES, or why there is none to UNTRIED"
    assert not set(UNTRIED) & cases


def config_of(name: str) -> RunConfig:
    """The run of a case; None leaves a setting of BASE out."""
    changes = {**BASE, **CASES[name]}
    return parse(compose(None, None, {path: value for path, value in changes.items() if value is not None}))


def accuracy(config: RunConfig, folder: Any) -> float:
    """On the test images, after training without meters."""
    torch.set_num_threads(1)
    place = RunDir(folder).create()
    data = load(config.data, CPU, config.seed)
    run = Session(config, data, folder=place, recorder=Recorder(place), stop=Stop(place), device=CPU)
    for step in run.plan.after(0):
        if step.opens_phase:
            open_phase(run, step)
        learn(run, step, run.batches.draw(step, run.rng))
    return judge_test(run, len(run.net.layers)).accuracy


@pytest.fixture(scope="module")
def frozen(tmp_path_factory):
    """Accuracy of a run's frozen control, each computed once."""
    known: dict[str, float] = {}

    def find(config: RunConfig) -> float:
        control = CONTROLS["random"].derive(config)
        key = control.model_copy(update={"name": "the same"}).model_dump_json()
        if key not in known:
            known[key] = accuracy(control, tmp_path_factory.mktemp("frozen"))
        return known[key]

    return find


@pytest.mark.parametrize("name", CASES)
def test_a_value_beats_its_frozen_net(name, frozen, tmp_path):
    config = config_of(name)
    learnt, start = accuracy(config, tmp_path), frozen(config)
    if name in CANNOT:
        assert learnt < start
        assert learnt == pytest.approx(CANNOT[name], abs=0.05)
    else:
        assert learnt > start

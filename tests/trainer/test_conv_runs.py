"""Runs of tiny conv and local nets on digits: refused, estimated, resumed; and their presets."""

from __future__ import annotations

import pytest
import torch

from tests.trainer import tiny
from tests.trainer.tiny import StopAt
from trainer import estimate
from trainer.config import RunConfig, compose, parse
from trainer.data.catalogue import describe
from trainer.errors import ConfigError, Stopped
from trainer.nets.net import build
from trainer.presets import PRESETS
from trainer.presets.classrows_conv import CLASS_ROWS_CONV
from trainer.presets.conv import CONV
from trainer.presets.kesanapalli import KESANAPALLI
from trainer.presets.local import LOCAL
from trainer.presets.trifecta import TRIFECTAS

CONV_NET = {
    "architecture.kind": "conv",
    "architecture.channels": "10p, 20",
    "label_code.kind": "pattern",
}
ROWS = {"competitors.kind": "classes", "label_code.kind": "none", "objective.kind": "cross_entropy"}
GROUPS = {**ROWS, "goodness.kind": "groups", "readout.kind": "sum"}
PAIR = {"scope.kind": "pair", "schedule.kind": "alternating", "label_code.kind": "channel"}
BATCH = {"normalisation.handover.kind": "batch", "normalisation.input": {"kind": "batch", "affine": True}}
LOCAL_NET = {"architecture.kind": "local", "label_code.kind": "concat"}
SHORTCUTS = {
    **GROUPS,
    "architecture.channels": "10, 10, 10, 20s2, 20",
    "architecture.shortcuts": "add_concat",
    "normalisation.handover.kind": "group",
}


def config(changes: dict[str, object]) -> RunConfig:
    return tiny.config({**CONV_NET, **changes})


def refused(changes: dict[str, object]) -> dict[str, str]:
    """Sentences by field, of what the schema or the data set refuses."""
    try:
        made = config(changes)
    except ConfigError as error:
        return {problem["loc"]: problem["msg"] for problem in error.errors}
    return {problem["loc"]: problem["msg"] for problem in estimate.problems(made, describe("digits"))}


REFUSED = [
    ({"architecture.channels": "10, 64gp"}, "architecture.channels", "10 classes do not divide its 10 → 64"),
    ({"architecture.channels": "10p, 10p, 10p, 10p"}, "architecture.channels", "too small to pool"),
    ({"architecture.channels": "10z"}, "architecture.channels", "is no layer"),
    ({**SHORTCUTS, "architecture.channels": "10, 10, 10, 40"}, "architecture.channels", "take 10 to add, 20 for both"),
    ({**SHORTCUTS, "architecture.channels": "10, 10, 20, 20"}, "architecture.channels", "cannot be added"),
    ({**SHORTCUTS, "normalisation.handover.kind": "batch"}, "normalisation.handover.kind", "twice"),
    ({"label_code.kind": "concat"}, "label_code.kind", "pattern or channel"),
    ({"regulariser.peer": 0.1}, "regulariser.peer", "compares units"),
    (
        {"label_code.kind": "overlay", "regulariser.input_dropout": 0.1},
        "regulariser.input_dropout",
        "dropped with the pixels",
    ),
]


@pytest.mark.parametrize(("changes", "loc", "words"), REFUSED, ids=[f"{loc}: {words}" for _, loc, words in REFUSED])
def test_what_cannot_be_built_is_refused_with_what_would_work(changes, loc, words):
    assert words in refused(changes)[loc]


def test_an_overlaid_label_is_allowed_on_maps_with_a_warning():
    warned = estimate.warnings(config({"label_code.kind": "overlay"}), describe("digits"))
    assert any("hardly notices it" in text for text in warned)


@pytest.mark.parametrize(
    "changes",
    [CONV_NET, {**CONV_NET, **PAIR, **BATCH}, {**CONV_NET, **SHORTCUTS}, LOCAL_NET],
    ids=["conv", "pairs", "shortcuts", "local"],
)
def test_the_estimate_counts_the_parameters_that_there_are(changes):
    made = tiny.config(changes)
    told = estimate.estimate(made, describe("digits"))
    net = build(made, (8, 8, 1), 10, 1.0, torch.Generator().manual_seed(0))
    assert [layer.parameters for layer in told.layers] == [layer.parameters for layer in net.layers]


RUNS = [
    pytest.param({**CONV_NET, **BATCH}, id="conv"),
    pytest.param({**CONV_NET, **PAIR, **BATCH}, id="pairs"),
    pytest.param({**CONV_NET, **SHORTCUTS}, id="shortcuts"),
    pytest.param(LOCAL_NET, id="local"),
]


@pytest.mark.parametrize("changes", RUNS)
def test_a_stopped_run_ends_with_the_same_bits(changes, tmp_path):
    made = tiny.config({**changes, "schedule.epochs": 2})
    whole = tiny.train(made, tmp_path / "whole")
    with pytest.raises(Stopped):
        tiny.train(made, tmp_path / "parts", StopAt(tmp_path / "parts", 5))
    parts = tiny.train(made, tmp_path / "parts", resume=True)
    assert tiny.same(whole, parts)
    assert tiny.points(tmp_path / "whole") == tiny.points(tmp_path / "parts")


LEARNS = {"schedule.epochs": 12, "data.train_size": 400, "data.test_size": 200, "optimiser.lr": 0.01}


@pytest.mark.parametrize(
    "changes", [BATCH, {**GROUPS, "normalisation.before": {"kind": "batch"}}], ids=["ff", "groups"]
)
def test_a_conv_net_learns(changes, tmp_path):
    tiny.train(config({**changes, **LEARNS}), tmp_path)
    accuracy = [values["test/accuracy"] for *_, values in tiny.points(tmp_path) if "test/accuracy" in values]
    assert accuracy[-1] > 0.7  # ten labels


MINE = [preset.name for preset in (*CONV, *TRIFECTAS, *CLASS_ROWS_CONV, *LOCAL, *KESANAPALLI)]


@pytest.mark.usefixtures("subset")
@pytest.mark.parametrize("name", MINE)
def test_every_preset_can_be_run(name):
    made = parse(compose(name))
    info = describe(made.data.name)
    assert estimate.problems(made, info) == []
    assert estimate.estimate(made, info).seconds > 0
    assert PRESETS[name].method

"""Layers that wait in files: the same run as with all of them in memory, bit for bit, in memory that does not grow."""

from __future__ import annotations

from contextlib import suppress

import pytest

from tests.trainer import tiny
from trainer import gauges
from trainer.errors import ConfigError, Stopped

POINTS = [
    pytest.param({}, id="joint"),
    pytest.param({"schedule.activities": "after", "architecture.hidden": [16, 12, 20]}, id="joint-after"),
    pytest.param({"schedule": {"kind": "greedy", "epochs": 2}}, id="greedy"),
    pytest.param(tiny.HARD, id="hard"),
    pytest.param(tiny.MONO, id="mono-forward"),
    pytest.param({"readout": {"kind": "softmax"}, "optimiser": {"kind": "sgd", "lr": 0.05}}, id="head-sgd"),
    pytest.param({"regulariser.dropout": 0.2, "regulariser.weight_decay": 0.1}, id="dropout-decay"),
    pytest.param({"normalisation.handover": {"kind": "batch", "affine": True}}, id="autograd"),
    pytest.param({"layers": [{"span": "1", "frozen": True}]}, id="frozen"),
]


@pytest.mark.parametrize("changes", POINTS)
def test_a_streamed_run_is_the_resident_one(tmp_path, changes):
    for memory in ("resident", "streamed"):
        tiny.train(tiny.config({**changes, "memory.kind": memory}), tmp_path / memory)
    resident, streamed = (tiny.points(tmp_path / memory) for memory in ("resident", "streamed"))
    assert resident == streamed


@pytest.mark.parametrize("schedule", ["joint", "greedy"])
def test_a_streamed_run_that_was_stopped_goes_on_bit_for_bit(tmp_path, schedule):
    config = tiny.config({"memory.kind": "streamed", "schedule": {"kind": schedule, "epochs": 2}})
    tiny.train(config, tmp_path / "whole")
    for asked in (5, 6, 9, 1000):
        with suppress(Stopped):
            tiny.train(config, tmp_path / "parts", tiny.StopAt(tmp_path / "parts", asked), resume=asked > 5)
    assert tiny.points(tmp_path / "whole") == tiny.points(tmp_path / "parts")
    (whole,), (parts,) = ([*(tmp_path / name).glob("layers-*.bin")] for name in ("whole", "parts"))
    assert whole.read_bytes() == parts.read_bytes()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        (tiny.BACKPROP, "a gradient that runs through several layers"),
        ({"preset": "ff-recurrent-mnist"}, "look at each other in every tick"),
    ],
)
def test_what_needs_all_layers_at_once_is_refused(changes, says):
    with pytest.raises(ConfigError, match=says) as refused:
        tiny.config({**changes, "memory.kind": "streamed"})
    assert refused.value.field == "memory.kind"


def test_readings_that_wait_are_few_however_deep_the_net_and_say_the_same(tmp_path, monkeypatch):
    tiny.train(tiny.config(), tmp_path / "at-points")
    waiting = []
    add = gauges.Gauges.add

    def watched(self, *args):
        add(self, *args)
        waiting.append(self._kept)

    monkeypatch.setattr(gauges, "KEPT", 150)
    monkeypatch.setattr(gauges.Gauges, "add", watched)
    tiny.train(tiny.config(), tmp_path / "early")
    assert max(waiting) <= 150
    assert min(waiting[1:]) == 0
    for early, late in zip(tiny.points(tmp_path / "early"), tiny.points(tmp_path / "at-points"), strict=True):
        assert early[:4] == late[:4]
        assert early[4] == pytest.approx(late[4])

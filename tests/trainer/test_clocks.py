"""Where time goes: what is waited for is counted, once, for the part, layer and epoch that it belongs to."""

from __future__ import annotations

import json
import time
import types
from contextlib import suppress
from dataclasses import replace

import pytest
import torch

from tests.trainer import tiny
from trainer import loop, report, stopwatch
from trainer.batches import Batches
from trainer.data import load
from trainer.errors import Stopped
from trainer.nets.layer import Layer
from trainer.recorder import Recorder
from trainer.result import time_to
from trainer.rundir import RunDir
from trainer.session import Session
from trainer.stopping import Stop
from trainer.stopwatch import Stopwatch

CPU = torch.device("cpu")
DRAW, LEARN, JUDGE = 0.01, 0.05, 1.0
STEPS, EPOCHS, LAYERS = 12, 3, 2


def taking(monkeypatch, owner, name, pass_time):
    """Let `owner.name` take the time that `pass_time` makes pass."""
    act = getattr(owner, name)

    def slow(*args, **kwargs):
        pass_time()
        return act(*args, **kwargs)

    monkeypatch.setattr(owner, name, slow)


@pytest.fixture
def slow(monkeypatch):
    """Clocks that only go on while a batch is drawn, a layer learns, or images are judged."""
    now = [100.0]
    clock = types.SimpleNamespace(perf_counter=lambda: now[0])
    monkeypatch.setattr(stopwatch, "time", clock)
    monkeypatch.setattr(loop, "time", clock)

    def tick(seconds):
        now[0] += seconds

    taking(monkeypatch, Batches, "draw", lambda: tick(DRAW))
    taking(monkeypatch, Layer, "optimise", lambda: tick(LEARN))
    taking(monkeypatch, report, "judge", lambda: tick(JUDGE))


@pytest.mark.parametrize("changes", [{}, {"memory.kind": "streamed"}], ids=["resident", "streamed"])
def test_every_second_of_a_step_is_somebodys_and_no_other_is(tmp_path, slow, changes):
    tiny.train(tiny.config(changes), tmp_path)
    holds(tmp_path)


def test_times_add_up_over_a_stop(tmp_path, slow):
    with suppress(Stopped):
        tiny.train(tiny.config(), tmp_path, tiny.StopAt(tmp_path, 6))
    tiny.train(tiny.config(), tmp_path, resume=True)
    holds(tmp_path)


def holds(folder):
    """The result and the last point say what was made to pass."""
    last = tiny.events(folder, "metrics")[-1]
    compute, wall = STEPS * LAYERS * LEARN, STEPS * (DRAW + LAYERS * LEARN)
    assert last["train_seconds"] == pytest.approx(wall)
    assert last["values"]["time/compute"] == pytest.approx(compute)
    assert last["values"]["time/data"] == pytest.approx(DRAW)
    assert last["values"]["time/step"] == pytest.approx(DRAW + LAYERS * LEARN)
    result = json.loads(RunDir(folder).result.read_bytes())
    assert result["compute_seconds"] == pytest.approx(compute)
    for layer in result["per_layer"]:
        assert layer["time_compute"] == pytest.approx(compute / LAYERS)
        assert layer["time_e2e"] == pytest.approx(wall / LAYERS)
    for epoch in result["per_epoch"]:
        assert epoch["compute_seconds"] == pytest.approx(compute / EPOCHS)
        assert epoch["e2e_seconds"] == pytest.approx(wall / EPOCHS)


def busy():
    began = time.perf_counter()
    while time.perf_counter() - began < 0.05:
        pass


@pytest.mark.parametrize("work", [busy, lambda: time.sleep(0.05)], ids=["busy", "waiting"])
def test_a_stopwatch_counts_work_and_waiting_alike(work):
    clock, began = Stopwatch(CPU), time.perf_counter()
    clock.start()
    work()
    clock.lap("update", 0)
    whole = time.perf_counter() - began
    clock.collect()
    parts, layers = clock.take()
    assert 0.05 <= parts["update"] <= whole
    assert layers == {0: parts["update"]}
    assert clock.take() == ({}, {})


def test_on_a_gpu_its_own_clock_is_read_and_not_in_the_step(monkeypatch):
    waited, marks = [], iter((0.0, 30.0, 80.0))  # milliseconds on the device

    class Event:
        def __init__(self):
            self.at = next(marks)

        def elapsed_time(self, end):
            assert waited
            return end.at - self.at

    monkeypatch.setattr(Stopwatch, "_event", staticmethod(Event))
    monkeypatch.setattr(torch.cuda, "synchronize", waited.append)
    clock = Stopwatch(torch.device("cuda", 1))
    clock.lap("forward", 1)
    clock.lap("update", 1)
    assert not waited
    clock.collect()
    clock.collect()
    assert waited == [torch.device("cuda", 1)]
    assert clock.take() == ({"forward": pytest.approx(0.03), "update": pytest.approx(0.05)}, {1: pytest.approx(0.08)})


def test_the_download_is_not_in_the_time_of_a_run(tmp_path):
    config, folder = tiny.config(), RunDir(tmp_path).create()
    data = replace(load(config.data, CPU, 0), download_seconds=1000.0)
    began = time.perf_counter()
    run = Session(config, data, folder=folder, recorder=Recorder(folder), stop=Stop(folder), device=CPU)
    assert 0 <= run.e2e_seconds <= time.perf_counter() - began


def test_time_to_a_level_is_that_of_the_first_evaluation_at_it():
    curve = [(1.0, 0.4), (2.5, 0.91), (4.0, 0.89), (5.5, 0.95)]
    assert time_to(curve) == {"0.5": 2.5, "0.9": 2.5, "0.95": 5.5}
    assert time_to(curve, [0.4]) == {"0.4": 1.0}
    assert time_to([]) == {}


def test_a_result_says_when_levels_were_reached_over_a_stop_too(tmp_path):
    config = tiny.config({**tiny.BACKPROP, "optimiser.lr": 0.05})
    with suppress(Stopped):
        tiny.train(config, tmp_path, tiny.StopAt(tmp_path, 6))
    tiny.train(config, tmp_path, resume=True)
    points = [e for e in tiny.events(tmp_path, "metrics") if "test/accuracy" in e["values"]]
    found = json.loads(RunDir(tmp_path).result.read_bytes())["time_to"]
    assert found["0.5"] == next(e["train_seconds"] for e in points if e["values"]["test/accuracy"] >= 0.5)

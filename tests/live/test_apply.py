"""The pure heart: whatever cuts, restarts and replays it is fed, it stores each event once, in order."""

from __future__ import annotations

import random
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from live_events import Trainer, body

from ffweb.live.apply import FROM_NOTHING, State, apply
from trainer.events import whole_lines


class Memory:
    """The simplest store there is: lists."""

    def __init__(self) -> None:
        self.state = State()
        self.points: dict[str, list[tuple[int, float]]] = {}
        self.lines: list[bytes] = []
        self.logs: list[int] = []
        self.pushed: list[int] = []

    def feed(self, lines: list[bytes], state: State | None = None) -> None:
        rows, push, after = apply(state or self.state, lines)
        if rows.drop_after is not None:
            self.points = {m: [p for p in s if p[0] <= rows.drop_after] for m, s in self.points.items()}
        for metric, (steps, values) in rows.points.items():
            self.points.setdefault(metric, []).extend(zip(steps, values, strict=True))
        self.lines += rows.body.splitlines()
        self.logs += [line["seq"] for line in rows.logs]
        if push:
            self.pushed += range(push.seq0, push.seq + 1)
            assert push.lines == rows.body
        self.state = after

    def read(self, data: bytes) -> None:
        """What a follower does at a poll: whole lines after its offset."""
        self.feed(whole_lines(data[self.state.offset :])[0])


def a_run(folder: Path, seed: int) -> bytes:
    """A run with every kind of event, killed and resumed at random steps."""
    rng = random.Random(seed)
    trainer = Trainer(folder)
    for _ in range(rng.randint(0, 4)):
        trainer.train(rng.randint(0, 12))
        trainer.write("log", level="info", text="hello").write("progress", done=0.5, eta_s=3.0, phase="train")
        trainer.write("figure", name="confusion", step=trainer.step, file="confusion.json", summary="")
        trainer.write("checkpoint", step=trainer.step, bytes=10)
        if rng.random() < 0.6:
            trainer = Trainer(folder, resumed_from=rng.choice([None, rng.randint(0, trainer.step)]))
    trainer.train(3).end()
    return body(folder)


def expected_points(data: bytes) -> dict[str, list[tuple[int, float]]]:
    """The same by the plainest code: one event after the other."""
    points: dict[str, list[tuple[int, float]]] = {}
    for n, event in enumerate(map(orjson.loads, data.splitlines())):
        if event["kind"] == "start" and n:
            last = -1 if event["resumed_from"] is None else event["resumed_from"]
            points = {metric: [p for p in series if p[0] <= last] for metric, series in points.items()}
        if event["kind"] == "metrics":
            for metric, value in event["values"].items():
                points.setdefault(metric, []).append((event["step"], value))
    return {metric: series for metric, series in points.items() if series}


@given(seed=st.integers(0, 10_000), cuts=st.lists(st.floats(0, 1), max_size=12), data=st.data())
@settings(max_examples=60, deadline=None)
def test_any_cut_restart_and_replay_stores_each_event_once(seed: int, cuts: list[float], data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        whole = a_run(Path(folder), seed)
    memory, earlier = Memory(), [State()]
    for cut in [*sorted(cuts), 1.0]:
        memory.read(whole[: int(len(whole) * cut)])
        earlier.append(memory.state)
        if data.draw(st.booleans()):  # read again from some earlier byte: nothing is stored twice
            offset = data.draw(st.sampled_from(earlier)).offset
            before = (len(memory.lines), dict(memory.points), memory.state)
            memory.feed(whole_lines(whole[offset : memory.state.offset])[0], replace(memory.state, offset=offset))
            assert (len(memory.lines), memory.points, memory.state) == before
    assert memory.lines == whole.splitlines()
    assert memory.pushed == list(range(1, len(memory.lines) + 1))
    assert memory.state.seq == len(memory.lines)
    assert memory.state.offset == len(whole)
    points = {m: s for m, s in memory.points.items() if s and not m.startswith("axis/")}
    assert points == expected_points(whole)
    assert len(set(memory.logs)) == len(memory.logs)
    assert memory.state.end is not None
    assert memory.state.end["status"] == "finished"


def lines_of(folder: Path) -> list[bytes]:
    return body(folder).splitlines()


def test_the_row_says_what_the_events_said_last(folder: Path) -> None:
    Trainer(folder).train(10).write("progress", done=0.25, eta_s=8.0, phase="train").write(
        "checkpoint", step=10, bytes=1
    )
    _, push, state = apply(State(), lines_of(folder))
    assert (state.seq, state.step, state.epoch, state.total_steps, state.device) == (13, 10, 1.0, 1000, "cpu")
    assert state.latest == {"train/loss": 0.1, "learning_rate": 0.1, "test/accuracy": 0.9}
    assert state.best == {"train/loss": {"best": 0.1, "best_step": 10}, "test/accuracy": {"best": 0.9, "best_step": 10}}
    assert state.progress == {"done": 0.25, "eta_s": 8.0, "phase": "train"}
    assert state.checkpoint_step == 10
    assert state.environment == {"host": "secret-host", "start": {"threshold": 2.0, "classes": 10}}
    assert state.started
    assert push is not None
    assert push.urgent


def test_layers_have_their_best_too(folder: Path) -> None:
    Trainer(folder).train(1, layers__2__accuracy=0.5).train(1, layers__2__accuracy=0.4)
    _, _, state = apply(State(), lines_of(folder))
    assert state.best["layers/2/accuracy"] == {"best": 0.5, "best_step": 1}


def test_axes_are_series_of_their_own(folder: Path) -> None:
    Trainer(folder).train(2)
    rows, _, _ = apply(State(), lines_of(folder))
    assert rows.points["axis/epoch"] == ([1, 2], [0.1, 0.2])
    assert rows.points["axis/images"] == ([1, 2], [64.0, 128.0])
    assert rows.points["axis/time"] == ([1, 2], [0.5, 1.0])


def test_a_resume_drops_the_points_beyond_its_step_stored_or_not(folder: Path) -> None:
    Trainer(folder).train(4)
    Trainer(folder, resumed_from=2).train(1)
    lines = lines_of(folder)
    rows, _, state = apply(State(), lines)
    assert rows.drop_after == 2
    assert rows.points["train/loss"][0] == [1, 2, 3]
    _, _, half = apply(State(), lines[:5])
    rows, _, again = apply(half, lines[5:])
    assert rows.drop_after == 2
    assert rows.points["train/loss"][0] == [3]
    assert again.step == state.step == 3


def test_a_trainer_that_begins_anew_forgets_everything(folder: Path) -> None:
    Trainer(folder).train(4)
    Trainer(folder).train(1)
    rows, _, _ = apply(State(), lines_of(folder))
    assert rows.drop_after == FROM_NOTHING
    assert rows.points["train/loss"][0] == [1]


def test_a_resume_takes_back_result_and_end(folder: Path) -> None:
    Trainer(folder).train(1).write("result", status="stopped", metrics={}).end("stopped")
    _, _, stopped = apply(State(), lines_of(folder))
    assert stopped.result == {"status": "stopped", "metrics": {}}
    assert stopped.end is not None
    Trainer(folder, resumed_from=1)
    _, _, going = apply(State(), lines_of(folder))
    assert (going.result, going.end, going.checkpoint_step) == (None, None, 1)


def test_numbers_that_are_none_are_kept_by_name(folder: Path) -> None:
    Trainer(folder).train(1, train__loss=float("inf")).train(1, train__loss=float("nan"))
    rows, _, state = apply(State(), lines_of(folder))
    assert rows.points["train/loss"][1][0] == float("inf")
    assert state.latest["train/loss"] is None
    assert "train/loss" not in state.best


@pytest.mark.parametrize(
    "damage",
    [
        b"{torn",
        b"[]",
        b'{"kind":"metrics"}',
        b'{"seq":9,"kind":"log"}',
        b'{"seq":"4","kind":"log"}',
        b'{"seq":4,"kind":"metrics"}',
    ],
)
def test_nothing_behind_damage_is_believed(folder: Path, damage: bytes) -> None:
    Trainer(folder).train(4)
    lines = lines_of(folder)
    rows, _, state = apply(State(), [*lines[:3], damage, *lines[3:]])
    assert (rows.n, state.seq) == (3, 3)
    assert state.offset == sum(len(line) + 1 for line in lines[:3])


def test_an_event_of_a_later_version_is_passed_on(folder: Path) -> None:
    later: dict[str, Any] = {"seq": 1, "kind": "aurora", "t": 1.0}
    rows, push, state = apply(State(), [orjson.dumps(later)])
    assert (rows.n, state.seq) == (1, 1)
    assert push is not None

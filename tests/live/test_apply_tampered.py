"""Lines as nobody writes them: `apply` never raises, says what is wrong, and what it gives fits both databases."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from live_events import INFO

from ffweb.live.apply import MOST_SERIES, ROW_FIELDS, Rows, State, apply
from ffweb.live.follow import Follower
from ffweb.people.models import User
from ffweb.runs.models import Run
from trainer.rundir import RunDir

COMMON = {"v": 1, "t": 1.8e9}
EVENTS: list[dict[str, Any]] = [
    {
        "kind": "start", "metrics": INFO, "layers": [{"index": 1, "name": "L1", "parameters": 12}], "device": "cpu",
        "total_steps": 10, "resumed_from": None, "threshold": 2.0, "classes": ["a"], "epochs": 3,
        "environment": {"host": "h", "threads": 1},
    },
    {
        "kind": "metrics", "step": 1, "epoch": 0.1, "images": 64, "flops": 1e6, "train_seconds": 0.5,
        "values": {"train/loss": 1.0, "test/accuracy": None}, "nonfinite": {"test/accuracy": "nan"},
    },
    {"kind": "progress", "done": 0.5, "eta_s": 3.0, "phase": "train"},
    {"kind": "log", "level": "info", "text": "hello"},
    {"kind": "figure", "name": "confusion", "step": 1, "file": "confusion.json", "summary": ""},
    {"kind": "checkpoint", "step": 1, "bytes": 10},
    {
        "kind": "result", "status": "finished", "reason": "", "steps": 1, "per_layer": [{"index": 1, "name": "L1"}],
        "metrics": {"train/loss": {"last": 1.0, "best": 1.0, "best_step": 1}}, "confusion": [[1]],
    },
    {"kind": "end", "status": "finished", "reason": "All done.", "field": None},
    {"kind": "aurora", "light": "green"},
]  # fmt: skip
ODD: list[Any] = [
    None, True, False, -1, 0, 1.5, 2**31, 2**53, 2**63 - 1, 2**63, 2**64, 2**70, -(2**63), 1e308, "", "x", "running",
    "x" * 300, "a\0b", "ü" * 90, "../../x", "\\", [], [1], ["x"], [[1]], [None], {}, {"a": 1}, {"a": None},
    {"": {}}, {"a\0": 1}, {"kind": "end"}, [[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]],
]  # fmt: skip
MISSING = object()


def lines(odd: int, path: tuple[Any, ...], value: Any) -> list[bytes]:
    """One event of each kind, in event number `odd` the place at `path` set to `value`."""
    events = [json.loads(json.dumps({**COMMON, "seq": n, **event})) for n, event in enumerate(EVENTS, 1)]
    here = events[odd]
    for key in path[:-1]:
        here = here[key]
    if value is MISSING:
        del here[path[-1]]
    else:
        here[path[-1]] = value
    return [json.dumps(event).encode() for event in events]


def paths(value: Any) -> list[tuple[Any, ...]]:
    """Every place in a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for key, item in inner for place in ((key,), *((key, *rest) for rest in paths(item)))]


PLACES = [(n, path) for n, event in enumerate(EVENTS) for path in paths({**COMMON, "seq": n + 1, **event})]


def storable(value: Any, depth: int = 0) -> bool:
    """Whether SQLite and Postgres take a value as JSON or in a column."""
    if isinstance(value, dict):
        return depth < 30 and all(storable(k) and storable(v, depth + 1) for k, v in value.items())
    if isinstance(value, list | tuple):
        return depth < 30 and all(storable(item, depth + 1) for item in value)
    if isinstance(value, str):
        return "\0" not in value and value.encode() is not None
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or isinstance(value, bool) or -(2**63) <= value < 2**63


def fits(rows: Rows, state: State) -> None:
    assert all(storable(getattr(state, name)) for name in ROW_FIELDS)
    assert len(state.device) <= 120
    for name, (steps, values) in rows.points.items():
        assert storable(name)
        assert len(name) <= 80
        assert all(0 <= step < 2**63 for step in steps)
        assert steps == sorted(steps)
        assert all(type(value) is float for value in values)
    for figure in rows.figures.values():
        assert storable(figure)
        assert len(figure["name"]) <= 80
    assert storable(list(rows.logs))
    assert storable(state.damage)
    assert state.end is None or state.end["status"] in ("finished", "failed", "stopped", "diverged")


@pytest.mark.parametrize(("event", "path"), PLACES, ids=[f"{EVENTS[n]['kind']}-{path}" for n, path in PLACES])
def test_anything_at_any_place_is_taken_or_named(event: int, path: tuple[Any, ...]) -> None:
    for value in [*ODD, MISSING]:
        rows, _, state = apply(State(), lines(event, path, value))
        fits(rows, state)
        assert rows.n in (event, len(EVENTS))
        seen_before = path == ("seq",) and event == len(EVENTS) - 1 and rows.n == event
        assert bool(state.damage) == (rows.n < len(EVENTS)) or seen_before, state.damage


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**80), 2**80) | st.floats(allow_nan=True) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=300, deadline=None)
@given(place=st.sampled_from(PLACES), value=JSON)
def test_nothing_makes_it_raise(place: tuple[int, tuple[Any, ...]], value: Any) -> None:
    rows, _, state = apply(State(), lines(*place, value))
    fits(rows, state)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.binary(max_size=60) | st.sampled_from(lines(0, ("t",), 1.0)), max_size=12))
def test_no_bytes_make_it_raise(body: list[bytes]) -> None:
    rows, _, state = apply(State(), body)
    fits(rows, state)


@pytest.mark.django_db
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.sampled_from(PLACES), value=st.sampled_from(ODD))
def test_what_is_taken_is_stored(place: tuple[int, tuple[Any, ...]], value: Any, run: Run, folder: Path) -> None:
    body = lines(*place, value)
    RunDir(folder).create().events.write_bytes(b"".join(line + b"\n" for line in body))
    with transaction.atomic():
        Follower(run.pk, folder).drain()
        run.refresh_from_db()
        assert run.seq in (place[0], len(EVENTS))
        transaction.set_rollback(True)


def test_a_run_may_have_so_many_series_and_no_more() -> None:
    start, point, *_ = lines(0, ("t",), 1.0)
    event = json.loads(point)
    more = [json.dumps({**event, "seq": n + 2, "values": {f"m{n}_{k}": 1.0 for k in range(2000)}}) for n in range(9)]
    _, _, state = apply(State(), [start, *(line.encode() for line in more)])
    assert len(state.latest) <= MOST_SERIES
    assert "more than 10,000 series" in state.damage


def test_damage_is_told_once(run: Run, folder: Path, alice: User, caplog: pytest.LogCaptureFixture) -> None:
    body = lines(1, ("step",), 2**70)
    RunDir(folder).create().events.write_bytes(b"".join(line + b"\n" for line in body))
    for _ in range(5):
        follower = Follower(run.pk, folder)
        follower.drain()
        follower.drain()
    assert [record.levelname for record in caplog.records if run.pk in record.getMessage()] == ["ERROR"]
    assert "its step must be a whole number" in caplog.text

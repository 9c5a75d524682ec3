"""The events file: every cut, tear and restart leaves whole events with seq 1, 2, 3, … and no hole."""

from __future__ import annotations

import errno
import math
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trainer import metrics
from trainer.events import EventWriter, parse_lines, read_events, split_nonfinite

KINDS = st.sampled_from(["log", "progress", "checkpoint"])
TEXTS = st.lists(st.tuples(KINDS, st.text(max_size=30)), min_size=1, max_size=12)


def write(path: Path, texts) -> None:
    writer = EventWriter(path)
    for kind, text in texts:
        writer.write(kind, text=text)
    writer.close()


@settings(deadline=None)
@given(TEXTS, TEXTS, st.integers(0, 10_000))
def test_a_file_cut_at_any_byte_goes_on_without_a_hole(before, after, byte):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "events.jsonl"
        write(path, before)
        body = path.read_bytes()
        cut = byte % (len(body) + 1)  # its length depends on how the time is written, so it cannot bound what is drawn
        path.write_bytes(body[:cut])
        whole = body[:cut].count(b"\n")
        write(path, after)
        events, end = read_events(path)
        assert end == path.stat().st_size
        assert [event["seq"] for event in events] == list(range(1, whole + len(after) + 1))
        assert [event["text"] for event in events] == [text for _, text in [*before[:whole], *after]]


@settings(deadline=None)
@given(TEXTS, st.lists(st.integers(0, 2000), max_size=6))
def test_a_reader_sees_each_event_once_wherever_the_file_stops(texts, cuts):
    with tempfile.TemporaryDirectory() as folder:
        path, growing = Path(folder) / "whole", Path(folder) / "growing"
        write(path, texts)
        body = path.read_bytes()
        seen, offset = [], 0
        for cut in [*sorted(min(cut, len(body)) for cut in cuts), len(body)]:
            growing.write_bytes(body[:cut])
            events, offset = read_events(growing, offset)
            seen += [event["seq"] for event in events]
        assert seen == list(range(1, len(texts) + 1))
        assert read_events(growing, offset) == ([], offset)


@given(st.integers(1, 200))
def test_a_reader_takes_as_much_as_it_is_allowed(limit):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "events.jsonl"
        write(path, [("log", "one"), ("log", "two")])
        events, offset = read_events(path, limit=limit)
        assert offset <= limit
        assert len(events) == path.read_bytes()[:limit].count(b"\n")


@pytest.mark.parametrize("damage", [b"garbage\n", b"[1]\n", b'{"seq": 3}\n', b"\x00\x00\n", b"\n"])
def test_nothing_after_damage_is_trusted(tmp_path, damage):
    path = tmp_path / "events.jsonl"
    write(path, [("log", "one"), ("log", "two")])
    good = path.read_bytes()
    path.write_bytes(good + damage + good)
    events, offset = read_events(path)
    assert ([event["seq"] for event in events], offset) == ([1, 2], len(good))
    write(path, [("log", "three")])
    assert [event["text"] for event in read_events(path)[0]] == ["one", "two", "three"]


def test_numbers_that_json_has_not(tmp_path):
    path = tmp_path / "events.jsonl"
    values = {"a": 1.5, "b": math.nan, "c": math.inf, "d": -math.inf}
    writer = EventWriter(path)
    writer.metrics(step=3, epoch=0.5, images=12, flops=1e9, train_seconds=0.1, values=values)
    writer.metrics(step=4, epoch=0.6, images=16, flops=2e9, train_seconds=0.2, values={"a": 1.0})
    first, second = read_events(path)[0]
    assert first["values"] == {"a": 1.5, "b": None, "c": None, "d": None}
    assert first["nonfinite"] == {"b": "nan", "c": "inf", "d": "-inf"}
    assert "nonfinite" not in second
    assert (first["step"], first["kind"], first["v"]) == (3, "metrics", 1)


@given(st.dictionaries(st.text(), st.floats()))
def test_finite_values_pass_unchanged(values):
    clean, odd = split_nonfinite(values)
    assert clean.keys() == values.keys()
    assert {name for name, value in clean.items() if value is None} == odd.keys()
    assert all(clean[name] == values[name] for name in values if name not in odd)


def test_a_full_disk_leaves_whole_lines(tmp_path, monkeypatch):
    path = tmp_path / "events.jsonl"
    writer = EventWriter(path)
    writer.write("log", text="before")
    real, room = os.pwrite, [20]

    def pwrite(fd: int, data: bytes, offset: int) -> int:
        if not room[0]:
            raise OSError(errno.ENOSPC, "No space left on device")
        done = real(fd, data[: room[0]], offset)
        room[0] -= done
        return done

    monkeypatch.setattr(os, "pwrite", pwrite)
    with pytest.raises(OSError, match="No space"):
        writer.write("log", text="does not fit on the disk")
    monkeypatch.undo()
    assert writer.write("end", status="failed") == 2
    assert [event["kind"] for event in read_events(path)[0]] == ["log", "end"]


def test_a_missing_file_has_no_events(tmp_path):
    assert read_events(tmp_path / "none", 7) == ([], 7)
    assert parse_lines([]) == []


@pytest.mark.parametrize(
    ("name", "unit", "volatile"),
    [("layers/12/gap", "", False), ("layers/3/memory/weights", "B", True), ("layers/1/time_e2e", "s", True),
     ("test/accuracy", "fraction", False), ("cpu/utilisation", "%", True)],
)  # fmt: skip
def test_metric_names(name, unit, volatile):
    assert metrics.metric(name).unit == unit
    assert metrics.is_volatile(name) == volatile
    assert metrics.metric(name + "x") is None


def test_every_metric_is_told_once():
    names = [metric.name for metric in metrics.METRICS]
    assert len(set(names)) == len(names)
    assert all(metric.help.endswith(".") for metric in metrics.METRICS)
    assert metrics.layer(2, "gap") == "layers/2/gap"

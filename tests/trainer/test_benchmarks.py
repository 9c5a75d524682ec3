"""The harness of `make bench`: what a row means, and what is stored."""

from __future__ import annotations

import importlib

import orjson
import pytest

from benchmarks import __main__ as bench
from benchmarks import harness
from benchmarks.harness import Row


@pytest.mark.parametrize(
    ("measured", "bar", "better", "holds"),
    [(1, 2, "down", True), (2, 2, "down", True), (3, 2, "down", False), (1, 2, "up", False), (2, 2, "up", True)],
)
def test_a_row_holds_at_its_bar(measured, bar, better, holds):
    assert Row("work", measured, bar, "s", better).holds is holds


def test_rows_are_stored_with_the_machine(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(harness, "OUT", tmp_path)
    rows = [Row("fast", 1.0, 2.0, "ms"), Row("slow", 3.0, 2.0, "ms")]
    assert harness.run("two", lambda: rows) is False
    assert harness.run("one", lambda: rows[:1]) is True
    stored = orjson.loads((tmp_path / "two.json").read_bytes())
    assert stored["rows"][1] == {
        "work": "slow", "measured": 3.0, "bar": 2.0, "unit": "ms", "better": "down", "floor": None, "holds": False,
    }  # fmt: skip
    assert {"cpu", "cores", "memory_bytes", "system", "python"} <= stored["machine"].keys()
    printed = capsys.readouterr().out
    assert "MISSED" in printed
    assert "≤ 2 ms" in printed


@pytest.mark.parametrize("name", bench.MODULES)
def test_every_benchmark_has_rows(name):
    assert callable(importlib.import_module(f"benchmarks.{name}").rows)


def test_an_unknown_benchmark_is_named(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["benchmarks", "speeed"])
    with pytest.raises(SystemExit):
        bench.main()
    assert "no benchmark 'speeed'" in capsys.readouterr().err


def test_microseconds_counts_one_call():
    assert 0 < harness.microseconds(lambda: None, times=100) < 100

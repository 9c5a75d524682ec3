"""Numbers on pages; tests/js/format.test.mjs holds the browser to the same cases."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ffweb.pages import format as f
from ffweb.pages.sparkline import path

CASES = json.loads((Path(__file__).parent.parent / "js" / "format-cases.json").read_text(encoding="utf-8"))
FUNCTIONS: dict[str, Callable[..., str]] = {
    "bytes": f.size,
    "sparkline": path,
    "ago": lambda then, now: f.ago(datetime.fromisoformat(then), datetime.fromisoformat(now)),
}


@pytest.mark.parametrize(("name", "args", "expected"), CASES)
def test_shared_cases(name: str, args: list[Any], expected: str) -> None:
    assert FUNCTIONS.get(name, getattr(f, name, None))(*args) == expected  # type: ignore[misc]


def test_values_that_are_no_numbers() -> None:
    assert f.number(math.nan) == "NaN"
    assert f.percent(-math.inf) == "−∞"
    assert f.eta(math.inf) == "estimating…"


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_every_number_has_words_without_a_hyphen_for_minus(value: float) -> None:
    for words in (f.number(value), f.short(value), f.percent(value), f.points(value), f.size(value)):
        assert words
        assert not words.startswith("-")


@given(st.floats(min_value=1e-6, max_value=1e9))
def test_a_setting_keeps_all_its_digits(value: float) -> None:
    assert float(f.short(value).replace(",", "")) == value


@given(st.floats(min_value=0, max_value=1e8))
def test_a_duration_has_two_units_at_most(seconds: float) -> None:
    assert len(f.duration(seconds).split(" ")) <= 2

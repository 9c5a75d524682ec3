"""How long a value has stayed as it is, by a clock that cannot jump."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ffweb.work.watch import LONGEST_GAP, Watch

# Seconds that pass before a look, and what is seen then.
LOOKS = st.lists(st.tuples(st.floats(0, 5), st.sampled_from("ab")), max_size=30)


@given(LOOKS)
def test_only_watched_seconds_without_a_change_count(looks: list[tuple[float, str]]) -> None:
    now, expected, before = 100.0, 0.0, None
    watch = Watch(lambda: now)
    for number, (passed, value) in enumerate(looks):
        now += passed
        expected = expected + min(passed, LONGEST_GAP) if number and value == before else 0.0
        before = value
        assert abs(watch.look({"run": value})["run"] - expected) < 1e-6


def test_a_process_that_slept_has_not_watched() -> None:
    now = 0.0
    watch = Watch(lambda: now)
    watch.look({"run": 1})
    now = 3600.0
    assert watch.look({"run": 1}) == {"run": LONGEST_GAP}


def test_what_is_forgotten_or_gone_begins_anew() -> None:
    now = 0.0
    watch = Watch(lambda: now)
    watch.look({"run": 1, "other": 1})
    now = 1.0
    assert watch.look({"run": 1}) == {"run": 1.0}
    assert watch.look({"run": 1, "other": 1}) == {"run": 1.0, "other": 0.0}
    watch.forget()
    now = 2.0
    assert watch.look({"run": 1}) == {"run": 0.0}

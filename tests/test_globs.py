"""`*` as members write it: the same in memory and in the database, and never dearer than its length."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from persons import alice, make_run

from ffweb.globs import Glob
from ffweb.people.models import User
from ffweb.runs.models import Run

__all__ = ["alice"]


def plainly(pattern: str, text: str) -> bool:
    """The definition: `*` takes nothing, or one character and goes on."""
    reached = {0}
    for character in pattern:
        if character == "*":
            reached = set(range(min(reached), len(text) + 1)) if reached else reached
        else:
            reached = {at + 1 for at in reached if text[at : at + 1] == character}
    return len(text) in reached


@given(st.text("ab*", max_size=12), st.text("ab", max_size=12))
@example("a*a", "a")
@example("*ab*", "ab")
@example("", "")
def test_it_fits_as_defined(pattern: str, text: str) -> None:
    assert Glob(pattern).matches(text) == plainly(pattern, text)


@pytest.mark.django_db
@given(st.lists(st.tuples(st.text("aB%_\\*", min_size=1, max_size=6), st.text("aB%_\\", max_size=6)), max_size=5))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None)
def test_the_database_agrees_letter_case_aside(alice: User, pairs: list[tuple[str, str]]) -> None:
    Run.objects.all().delete()
    for pattern, text in pairs:
        run = make_run(alice, text)
        found = Run.objects.filter(pk=run.pk, name__glob=pattern).exists()
        assert found == Glob(pattern.lower()).matches(text.lower())


HOSTILE = "*a" * 120 + "*b"


@pytest.mark.django_db
def test_a_hostile_pattern_costs_no_more_than_its_length(alice: User) -> None:
    """With backtracking each `*a` more took ten times as long: this would not end within the age of the universe."""
    assert not Glob(HOSTILE).matches("a" * 100_000)
    for _ in range(50):
        make_run(alice, "a" * 200)
    assert not Run.objects.filter(name__glob=HOSTILE).exists()

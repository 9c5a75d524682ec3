"""The filter language of the runs table, and its order."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from persons import make_run

from ffweb.people.models import User
from ffweb.runs import filters, queries, status
from ffweb.runs.filters import FilterError, Term


def metrics(accuracy: float, loss: float = 0.5) -> dict[str, object]:
    values = {"test/accuracy": accuracy, "train/loss": loss}
    return {"metrics": {k: {"last": v, "best": v, "best_step": 7} for k, v in values.items()}, "epochs": 60}


@pytest.fixture
def runs(alice: User, bob: User) -> None:
    now = timezone.now()
    make_run(alice, "apple", tags=["sweep", "two words"], result=metrics(0.95), status=status.FINISHED, created=now)
    make_run(
        alice,
        "berry",
        config={"objective": {"kind": "symba", "alpha": 4.0}, "data": {"name": "mnist"}},
        result=metrics(0.5),
        status=status.FAILED,
        notes="died of lr",
        created=now - timedelta(days=3),
        started=now - timedelta(days=3),
        ended=now - timedelta(days=2),
        starred=True,
    )
    make_run(bob, "cherry pie", preset="ff-fast-mnist", tags=["sweep"], created=now - timedelta(days=9))
    make_run(bob, "secret", visibility="private")
    make_run(alice, "old", archived=True, created=now - timedelta(days=20))


def names(user: User, filter: str, sort: str = "name") -> str:
    return " ".join(item["name"].split()[0] for item in queries.table(user, filter, sort).items)


@pytest.mark.parametrize(
    ("filter", "expected"),
    [
        ("", "apple berry cherry"),
        ("status:finished", "apple"),
        ("status:failed,queued", "berry cherry"),
        ("status:ended", "apple berry"),
        ("-status:ended", "cherry"),
        ("status!=finished", "berry cherry"),
        ("owner:me", "apple berry"),
        ("owner:bob", "cherry"),
        ("-owner:me", "cherry"),
        ("data:mnist", "berry"),
        ("data:digits owner:me", "apple"),
        ("data:*ist", "berry"),
        ("tag:sweep", "apple cherry"),
        ("-tag:sweep", "berry"),
        ('tag:"two words"', "apple"),
        ("preset:ff-digits", "apple berry"),
        ("preset:*mnist*", "cherry"),
        ("name:apple", "apple"),
        ("name:ERR", "berry cherry"),
        ("name:err*", ""),
        ("name=err", ""),
        ("name=Apple", "apple"),
        ("-name:err", "apple"),
        ("name:app,pie", "apple cherry"),
        ("name:a_p", ""),
        ("name:%", ""),
        ('name:"cherry pie"', "cherry"),
        ("acc>0.9", "apple"),
        ("acc>90%", "apple"),
        ("acc <= 0.5", "berry"),
        ("test/accuracy<0.9", "berry"),
        ("test/accuracy.best>=0.95", "apple"),
        ("objective.theta>=1.5", "apple cherry"),
        ("objective.theta:1.5", "apple cherry"),
        ("objective.kind:symba", "berry"),
        ("method:symba", "berry"),
        ("seed:0", "apple berry cherry"),
        ("seed>0", ""),
        ("architecture.hidden:500*", "apple berry cherry"),
        ("data.augment:none", ""),
        ("epochs>=60", "apple berry"),
        ("duration>20h", "berry"),
        ("starred:yes", "berry"),
        ("archived:yes", "old"),
        ("archived:any owner:me", "apple berry old"),
        ("created<7d", "apple berry"),
        ("created>7d", "cherry"),
        ("created>2000-01-01", "apple berry cherry"),
        ("visibility:team", "apple berry cherry"),
        ("queue:cpu", "apple berry cherry"),
        ("died", "berry"),
        ('"died of"', "berry"),
        ("sweep", "apple cherry"),
        ("MNIST", "berry cherry"),
        ("BOB", "cherry"),
        ("-sweep", "berry"),
        ("nothing like this", ""),
        ("acc>0.9 tag:sweep status:finished apple", "apple"),
    ],
)
def test_filter(runs: None, alice: User, filter: str, expected: str) -> None:
    assert names(alice, filter) == expected


@pytest.mark.parametrize(
    ("filter", "said"),
    [
        ("status:done", "No status is called done. There are queued, starting"),
        ("acc>high", "acc> needs a number, not high."),
        ("objektive.theta>1", "No run has objektive.theta. Near it: objective.theta"),
        ("status>running", "status has no order"),
        ("starred:maybe", "starred is yes, no or any"),
        ("created>yesterday", "yesterday is no date"),
        ("created:2026-01-01", "A moment is never met exactly"),
        ("acc>", "acc> has no value"),
        ('tag:"open', "The quotation mark at character 5 is open"),
        ("x" * 501, "A filter may have 500 characters; this one has 501."),
        ("a " * 21, "A filter may have 20 terms; this one has 21."),
    ],
)
def test_a_filter_that_cannot_be_read_says_why(runs: None, alice: User, filter: str, said: str) -> None:
    with pytest.raises(FilterError) as error:
        names(alice, filter)
    assert said in str(error.value)


def test_parse() -> None:
    assert filters.parse('-tag:x acc>=0.9 "a b" ff-digits owner=me seed!=3') == [
        Term("tag", ":", "x", negated=True),
        Term("acc", ">=", "0.9"),
        Term("", ":", "a b"),
        Term("", ":", "ff-digits"),
        Term("owner", "=", "me"),
        Term("seed", "=", "3", negated=True),
    ]


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("", "apple berry cherry"),
        ("created", "cherry berry apple"),
        ("-name", "cherry berry apple"),
        ("acc", "berry apple cherry"),
        ("-test/accuracy", "apple berry cherry"),
        ("-objective.theta", "apple cherry berry"),
        ("objective.kind", "berry apple cherry"),
        ("owner", "apple berry cherry"),
        ("-duration", "berry apple cherry"),
        ("-starred", "berry apple cherry"),
    ],
)
def test_order(runs: None, alice: User, sort: str, expected: str) -> None:
    assert names(alice, "", sort) == expected


@pytest.mark.parametrize("sort", ["nothing", "-"])
def test_an_order_by_nothing_is_refused(runs: None, alice: User, sort: str) -> None:
    with pytest.raises(FilterError) as error:
        names(alice, "", sort)
    assert error.value.field == "sort"


def test_pages(alice: User) -> None:
    for number in range(5):
        make_run(alice, f"run{number}")
    page = queries.table(alice, sort="name", page=2, per_page=2)
    assert ([item["name"] for item in page.items], page.total, page.pages) == (["run2", "run3"], 5, 3)
    assert queries.table(alice, page=99, per_page=2).page == 3
    assert queries.table(alice, filter="none", page=2).items == []


def test_private_runs_of_others_are_neither_counted_nor_found(
    runs: None, alice: User, bob: User, charlie: User
) -> None:
    assert queries.table(alice, "secret").total == 0
    assert queries.table(bob, "secret").total == 1
    assert queries.table(charlie).total == 0


def test_a_page_takes_a_fixed_number_of_queries(runs: None, alice: User, django_assert_max_num_queries: object) -> None:
    with django_assert_max_num_queries(5):  # which fact, count, ids, rows, places in the queue  # type: ignore[operator]
        queries.table(alice, "seed:0 tag:sweep,other", "-acc")


@given(st.text(alphabet=st.sampled_from('ab:=<>!-" *,.%7d/θ'), max_size=60))
@example('-"":')
def test_any_text_is_read_or_refused_with_a_sentence(text: str) -> None:
    with suppress(FilterError):
        terms = filters.parse(text)
        assert len(terms) <= len(text)
        assert bool(terms) == bool(text.strip())


@given(st.text(alphabet=st.sampled_from("ab\0:=<>!-*,.%7d(["), max_size=30))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
def test_any_value_is_looked_for_or_refused(alice: User, text: str) -> None:
    for key in ("name", "tag", "status", "acc", "created", "data", "duration"):
        for op in (":", ">", "<="):
            with suppress(FilterError):
                queries.table(alice, f'{key}{op}"{text}"', "-acc")

"""Rows that an older import took on trust: whatever stands in them, they take no page from anybody."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from persons import make_run

from ffweb.live.glance import read
from ffweb.people.models import User
from ffweb.runs import services, status
from ffweb.runs.models import Figure, Run

ODD: list[Any] = [-5, "x", [1], {"a": None}]
ROW: dict[str, Any] = {
    "progress": {"done": 0.5, "eta_s": 3.0, "phase": "train"},
    "result": {
        "metrics": {"test/accuracy": {"last": 0.3, "best": 0.3, "best_step": 3}},
        "per_layer": [{"index": 1, "name": "a", "memory": {"weights": 3}}],
        "per_epoch": [{"e2e_seconds": 1.0}],
    },
    "layers": [{"index": 1, "name": "a", "parameters": 3}],
    "metric_info": {"test/accuracy": {"unit": "fraction", "better": "up", "help": ""}},
    "environment": {"commit": "abc", "threads": 1, "start": {"threshold": 2.0, "classes": ["a", "b"], "epochs": 3}},
    "latest": {"test/accuracy": 0.5},
    "best": {"test/accuracy": {"best": 0.5, "best_step": 3}},
    "overall": {"test/accuracy": [0.5, 3]},
    "sparkline": [0.1, 0.5],
}


def tampered(good: Any) -> Iterator[Any]:
    """`good` with one thing in it replaced by something odd, wherever it is."""
    yield from ODD
    for key in good if isinstance(good, dict) else range(len(good)) if isinstance(good, list) else ():
        for odd in tampered(good[key]):
            copy = good.copy()
            copy[key] = odd
            yield copy


@pytest.fixture
def look(alice: User) -> Any:
    """Sets a column of a finished run and asks for every page and answer that shows it."""
    run = make_run(alice, status=status.FINISHED, seq=5, step=5, device="cpu", **ROW)
    Run.objects.update(started=timezone.now(), ended=timezone.now())
    _, token = services.make_share(alice, run)
    client = Client(raise_request_exception=True)
    client.force_login(alice)
    api = f"/api/v1/runs/{run.pk}"
    pages = ("/", f"/runs/{run.pk}", f"/s/{token}", "/api/v1/runs", api, f"{api}/result", f"{api}/figures/confusion",
             f"/api/v1/compare?runs={run.pk}")  # fmt: skip

    def see(**columns: Any) -> None:
        Run.objects.filter(pk=run.pk).update(**columns)
        for page in pages:
            assert client.get(page).status_code < 500, (page, columns)
        assert read(run.pk)

    see.run = run  # type: ignore[attr-defined]
    return see


@pytest.mark.parametrize("name", ["exploded", "", "Finished", "running", "starting", "x" * 8])
def test_a_status_that_is_none_has_a_neutral_word(name: str, look: Any, client: Client, alice: User) -> None:
    look(status=name)
    client.force_login(alice)
    if name not in status.STATUSES:
        assert b"Unknown" in client.get("/").content


@pytest.mark.parametrize("column", ROW)
def test_no_column_takes_a_page(column: str, look: Any) -> None:
    for value in tampered(ROW[column]):
        look(**{column: value})


def test_no_figure_takes_a_page(look: Any) -> None:
    figure = Figure.objects.create(run=look.run, name="confusion", step=1, body={})
    for body in ODD:
        figure.body = body
        figure.save()
        look()

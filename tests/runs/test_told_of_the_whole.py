"""Finished runs of an older version are told of the whole of them too."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.apps import apps
from persons import make_run

from ffweb.people.models import User
from ffweb.runs import queries, status
from ffweb.runs.models import Fact

SPEED = "speed/images_per_second"
fill = import_module("ffweb.runs.migrations.0002_told_of_the_whole_run").fill


def test_what_a_stored_result_says_of_the_whole_run_is_taken_over(alice: User) -> None:
    result = {"images": 600, "per_epoch": [{"e2e_seconds": 1.0}, {"e2e_seconds": 3.0}], "metrics": {SPEED: {"last": 9}}}
    latest = {SPEED: 9.0, "memory/rss": 3.0, "memory/rss_peak": 4.0}
    run = make_run(alice, status=status.FINISHED, result=result, latest=latest)
    plain = make_run(alice, "plain", status=status.FINISHED, result={"metrics": {}}, latest={})
    fill(apps, None)
    for one in (run, plain):
        one.refresh_from_db()
    payload = queries.run_payload(run)
    assert (payload["latest"][SPEED], payload["result"][SPEED]["over"]) == (pytest.approx(150), pytest.approx(150))
    assert payload["latest"]["memory/rss"] == 4.0
    assert Fact.objects.get(run=run, key=f"result.{SPEED}.over").num == pytest.approx(150)
    assert queries.run_payload(plain)["latest"] == {}

"""The run page: who sees it, what it says in every state, what its forms do."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from persons import make_run

from ffweb.people.models import User
from ffweb.runs import services, status
from ffweb.runs.models import Figure, Run, Share
from trainer.config import compose, parse
from trainer.controls import CONTROLS

Browser = Callable[[User | None], Client]


@pytest.fixture
def make(alice: User) -> Callable[..., Run]:
    def run(**fields: Any) -> Run:
        config = parse(compose(fields.get("preset", "ff-digits"))).model_dump(mode="json")
        return Run.objects.create(
            **{"name": "a run", "owner": alice, "preset": "ff-digits", "config": config, **fields}
        )

    return run


def data(page: str) -> dict[str, Any]:
    found = re.search(r'<script id="run-data" type="application/json">(.*?)</script>', page, re.DOTALL)
    assert found
    parsed: dict[str, Any] = json.loads(found[1])
    return parsed


def page_of(client: Client, run: Run) -> str:
    response = client.get(f"/runs/{run.pk}")
    assert response.status_code == 200
    return response.content.decode()


# ── who sees it ───────────────────────────────────────────────────────────────────────────────────────────────────
def test_the_team_sees_a_team_run_and_nobody_else_a_private_one(
    make: Callable[..., Run], browser: Browser, alice: User, bob: User
) -> None:
    team, private = make(), make(visibility=Run.Visibility.PRIVATE)
    assert browser(bob).get(f"/runs/{team.pk}").status_code == 200
    assert browser(bob).get(f"/runs/{private.pk}").status_code == 404
    assert browser(alice).get(f"/runs/{private.pk}").status_code == 200
    assert browser(None).get(f"/runs/{team.pk}").status_code == 302
    assert browser(alice).get("/runs/zzzzzzzz").status_code == 404


def test_only_those_who_may_change_a_run_get_the_forms(
    make: Callable[..., Run], browser: Browser, alice: User, bob: User
) -> None:
    run = make(status=status.RUNNING)
    assert f"/runs/{run.pk}/act/stop" in page_of(browser(alice), run)
    foreign = page_of(browser(bob), run)
    assert "/act/" not in foreign
    assert "/share" not in foreign
    response = browser(bob).post(f"/runs/{run.pk}/act/stop", follow=True)
    assert "Only Alice" in response.content.decode()
    run.refresh_from_db()
    assert not run.stop_requested


# ── what the scripts are given ────────────────────────────────────────────────────────────────────────────────────
def test_the_page_carries_run_charts_and_addresses(make: Callable[..., Run], browser: Browser, alice: User) -> None:
    run = make(status=status.RUNNING, layers=[{"index": 1, "name": "500", "parameters": 9}])
    Figure.objects.create(run=run, name="separation-1", step=3, body={})
    found = data(page_of(browser(alice), run))
    assert found["run"]["id"] == run.pk
    assert found["api"] == f"/api/v1/runs/{run.pk}"
    assert found["socket"] == f"/ws/runs/{run.pk}"
    assert found["figures"] == ["separation-1"]
    assert found["test_images"] == 360
    assert {"goodness", "accuracy"} <= {chart["id"] for chart in found["charts"]}
    assert browser(alice).get(f"{found['api']}/metrics?names=*").status_code == 200


def test_a_name_is_text_wherever_it_stands(make: Callable[..., Run], browser: Browser, alice: User) -> None:
    evil = "</script><img src=x onerror=alert(1)>"
    page = page_of(browser(alice), make(name=evil))
    assert evil not in page
    assert data(page)["run"]["name"] == evil


def test_the_chart_library_is_on_this_page_and_not_on_the_table(
    make: Callable[..., Run], browser: Browser, alice: User
) -> None:
    client = browser(alice)
    assert "plotly-cartesian" in page_of(client, make())
    assert "plotly" not in client.get("/").content.decode()


# ── states ────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"status": status.QUEUED}, "No worker is connected"),
        ({"status": status.RUNNING, "stop_requested": True}, "Stopping at the next step"),
        (
            {"status": status.STOPPED, "step": 9, "seq": 9, "reason": "Stopped by Alice."},
            "Results up to there are kept",
        ),
        ({"status": status.FAILED, "reason": "The disk is full.", "console_tail": "OSError: 28"}, "OSError: 28"),
        ({"status": status.DIVERGED, "reason": "Step 9: L2 is NaN."}, "Duplicate with learning rate 3e-4"),
        ({"status": status.LOST, "step": 9, "seq": 9, "reason": "No sign of life."}, "what was measured is safe"),
    ],
)
def test_every_state_has_its_sentence(
    make: Callable[..., Run], browser: Browser, alice: User, fields: dict[str, Any], says: str
) -> None:
    page = page_of(browser(alice), make(**fields))
    assert says in page
    assert fields.get("reason", "") in page


def test_a_diverged_run_offers_a_smaller_step_ready_to_start(
    make: Callable[..., Run], browser: Browser, alice: User
) -> None:
    client = browser(alice)
    page = page_of(client, make(status=status.DIVERGED, reason="Step 9: L2 is NaN."))
    found = re.search(r'href="([^"]+set=[^"]+)"', page)
    assert found
    form = client.get(found[1].replace("&amp;", "&")).content.decode()
    assert re.search(r'name="optimiser.lr"[^>]*value="0.0003"', form)


def test_a_waiting_run_says_how_many_are_ahead(make: Callable[..., Run], browser: Browser, alice: User) -> None:
    from ffweb.work.models import Worker

    Worker.objects.create(name="w", queue="cpu", seen=timezone.now())
    make(queued_at=timezone.now() - timedelta(minutes=5))
    second = make()
    assert "1 run ahead" in page_of(browser(alice), second)


def test_a_finished_run_leads_with_its_result_and_names_its_twin(
    make: Callable[..., Run], browser: Browser, alice: User
) -> None:
    latest = {"test/accuracy": 0.95, "time/e2e": 8.4}
    result = {"per_layer": [{"index": 1}], "per_epoch": [], "metrics": {}}
    run = make(status=status.FINISHED, group="g1", latest=latest, result=result)
    bp = parse(compose("backprop-digits")).model_dump(mode="json")
    twin = make(status=status.FINISHED, group="g1", config=bp, latest={"test/accuracy": 0.85}, result={})
    page = page_of(browser(alice), run)
    assert "10.00 points above its backprop twin" in page
    assert f'href="/runs/{twin.pk}"' in page
    assert data(page)["result"] == {"per_layer": [{"index": 1}]}
    assert data(page)["twin"]["id"] == twin.pk
    assert "<progress" not in page


def test_the_head_alone_is_there_for_scripts(make: Callable[..., Run], browser: Browser, alice: User) -> None:
    run = make(status=status.RUNNING)
    part = browser(alice).get(f"/runs/{run.pk}", headers={"X-Partial": "state"}).content.decode()
    assert 'data-status="running"' in part
    assert "<html" not in part


# ── actions ───────────────────────────────────────────────────────────────────────────────────────────────────────
def test_stop_rename_visibility_and_delete_work_as_plain_forms(
    make: Callable[..., Run], browser: Browser, alice: User
) -> None:
    client, run = browser(alice), make()
    at = f"/runs/{run.pk}"
    client.post(f"{at}/act/stop")
    client.post(f"{at}/act/rename", {"name": "better"})
    client.post(f"{at}/act/visibility", {"visibility": "private"})
    client.post(f"{at}/act/star")
    run.refresh_from_db()
    assert (run.status, run.name, run.visibility, run.starred) == (status.STOPPED, "better", "private", True)
    page = client.post(f"{at}/act/rename", {"name": ""}, follow=True).content.decode()
    assert "toast bad" in page
    response = client.post(f"{at}/delete", follow=True)
    assert response.redirect_chain[-1][0] == "/"
    assert "Undo" in response.content.decode()
    assert client.get(at).status_code == 404
    assert client.post("/runs/zzzzzzzz/act/stop").status_code == 404
    assert client.get(f"{at}/act/stop").status_code == 405


def test_a_share_link_is_shown_once_and_can_be_withdrawn(
    make: Callable[..., Run], browser: Browser, alice: User
) -> None:
    client, run = browser(alice), make()
    made = client.post(f"/runs/{run.pk}/share", {"expires": "7"}, headers={"X-Partial": "shares"})
    found = re.search(r'value="(http://testserver/s/[^"]+)"', made.content.decode())
    assert found
    assert made["Cache-Control"] == "no-store"
    share = Share.objects.get(run=run)
    assert share.expires_at is not None
    assert browser(None).get(found[1]).status_code == 200
    assert found[1] not in page_of(client, run)
    client.post(f"/shares/{share.pk}/withdraw")
    assert browser(None).get(found[1]).status_code == 404
    assert client.post(f"/runs/{run.pk}/share", {"expires": "banana"}).status_code == 404


def test_others_cannot_share_or_withdraw(make: Callable[..., Run], browser: Browser, alice: User, bob: User) -> None:
    run = make()
    refused = browser(bob).post(f"/runs/{run.pk}/share", {"expires": ""}).content.decode()
    assert "Only Alice" in refused
    assert not Share.objects.exists()
    browser(alice).post(f"/runs/{run.pk}/share", {"expires": ""})
    share = Share.objects.get()
    browser(bob).post(f"/shares/{share.pk}/withdraw")
    share.refresh_from_db()
    assert share.revoked_at is None


# ── controls ──────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_finished_run_offers_the_controls_it_lacks_and_starts_them_beside_it(
    make: Callable[..., Run], browser: Browser, alice: User, bob: User
) -> None:
    run = make(status=status.FINISHED, result={"metrics": {}})
    client = browser(alice)
    has = [name for name in CONTROLS if name != "frozen_below"]  # which only a hybrid can have
    assert re.findall(r'name="against" value="([a-z_]+)"', page_of(client, run)) == has
    client.post(f"/runs/{run.pk}/act/controls", {"against": ["random", "backprop"]})
    run.refresh_from_db()
    beside = Run.objects.filter(group=run.group).exclude(pk=run.pk)
    assert run.group != ""
    assert {other.name for other in beside} == {"a run · frozen random layers", "a run · backprop"}
    left = [name for name in has if name not in ("random", "backprop")]
    assert re.findall(r'name="against" value="([a-z_]+)"', page_of(client, run)) == left
    assert "against" not in page_of(browser(bob), run)


def test_a_run_that_goes_on_offers_no_controls(make: Callable[..., Run], browser: Browser, alice: User) -> None:
    assert 'name="against"' not in page_of(browser(alice), make(status=status.RUNNING))


def test_what_the_trainer_remarked_stands_beside_the_result(
    browser: Callable[[User | None], Client], alice: User
) -> None:
    remark = "Accuracy is at chance: always giving the commonest answer reaches 10 %."
    result = {"metrics": {}, "remarks": [remark, 5]}
    run = make_run(alice, status="finished", result=result, latest={"test/accuracy": 0.1})
    _, token = services.make_share(alice, run)
    assert remark in browser(alice).get(f"/runs/{run.pk}").content.decode()
    assert remark in browser(None).get(f"/s/{token}").content.decode()

"""Every error is a problem: RFC 9457, one shape, the field by its dotted name."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from django.conf import LazySettings
from django.test import Client
from jsonschema import validate
from persons import ROOT, Caller, make_run

from ffweb.api import people
from ffweb.api.urls import api
from ffweb.people.models import User
from ffweb.runs.services import make_share

PROBLEM = api.get_openapi_schema(path_prefix="")["components"]["schemas"]["Problem"]


def problem(answer: Any, expected: int) -> dict[str, Any]:
    assert (answer.status_code, answer["Content-Type"]) == (expected, "application/problem+json")
    body: dict[str, Any] = answer.json()
    validate(body, PROBLEM)
    assert body["status"] == expected
    assert body["detail"]
    return body


def locs(answer: Any) -> list[str]:
    return [error["loc"] for error in problem(answer, 422)["errors"]]


@pytest.mark.parametrize(
    ("body", "loc"),
    [
        ({"preset": "nothing"}, "preset"),
        ({"preset": 3}, "preset"),
        ({"nothing": 1}, "nothing"),
        ({"set": {"objective.theta": "x", "objective.kind": "threshold"}}, "objective.theta"),
        ({"set": {"nothing": 1}}, "nothing"),
        ({"set": {"data.name": "nothing"}}, "data.name"),
        ({"set": {"device": "cuda"}}, "device"),
        ({"config": {"schedule": {"epochs": 0}}}, "schedule.epochs"),
        ({"config": {"architecture": {"hidden": [10, -1]}}}, "architecture.hidden.1"),
        ({"tags": ["x", "y" * 41]}, "tags.1"),
        ({"name": ""}, "name"),
        ({"visibility": "world"}, "visibility"),
        ([], ""),
    ],
)
def test_a_body_that_is_wrong_names_the_field(as_bob: Caller, body: Any, loc: str) -> None:
    answer = as_bob.post("/runs", body)
    assert locs(answer) == [loc]
    assert answer.json()["errors"][0]["msg"] in answer.json()["detail"]


@pytest.mark.parametrize(
    ("body", "loc"),
    [
        ({"archived": 0}, "archived"),
        ({"starred": "true"}, "starred"),
        ({"starred": 1.0}, "starred"),
        ({"name": 1}, "name"),
        ({"notes": None}, "notes"),
        ({"tags": "a"}, "tags"),
        ({"tags": [1]}, "tags.0"),
        ({"tags": {"a": "b"}}, "tags"),
    ],
)
def test_no_value_is_turned_into_one_of_another_type(as_bob: Caller, bob: User, body: Any, loc: str) -> None:
    run = make_run(bob)
    assert locs(as_bob.patch(f"/runs/{run.pk}", body)) == [loc]
    assert as_bob.get(f"/runs/{run.pk}").json()["archived"] is False


@pytest.mark.parametrize("seed", ["1", True, 1.5, [1]])
def test_seeds_are_numbers(as_bob: Caller, seed: Any) -> None:
    assert locs(as_bob.post("/groups", {"preset": "ff-digits", "seeds": [seed]})) == ["seeds.0"]


@pytest.mark.parametrize("expires", ["2026-01-01T00:00:00", "9999-12-31T23:59:59-14:00", "0000-01-01T00:00:00Z", True])
def test_a_share_expires_at_a_moment_of_the_calendar(as_bob: Caller, bob: User, expires: Any) -> None:
    assert locs(as_bob.post(f"/runs/{make_run(bob).pk}/shares", {"expires_at": expires})) == ["expires_at"]


@pytest.mark.parametrize("number", ["nan", "inf", "-inf", "1e999"])
def test_a_window_ends_at_a_number(as_bob: Caller, as_nobody: Caller, bob: User, number: str) -> None:
    run = make_run(bob)
    _, token = make_share(bob, run)
    for end in ("from", "to"):
        assert locs(as_bob.get(f"/runs/{run.pk}/metrics?{end}={number}")) == [end]
        assert locs(as_nobody.get(f"/s/{token}/metrics?{end}={number}")) == [end]


@pytest.mark.parametrize("term", ["created>99999999999d", "created<1e9w", "created>0001-01-01T00:00+14:00"])
def test_an_age_or_a_date_beyond_the_calendar_is_no_date(as_bob: Caller, term: str) -> None:
    answer = as_bob.get(f"/runs?filter={quote(term)}")
    assert locs(answer) == ["filter"]
    assert "is no date" in answer.json()["detail"] or "needs a" in answer.json()["detail"]


def test_a_name_in_another_script_is_a_header_in_ascii(as_bob: Caller, bob: User) -> None:
    run = make_run(bob, "Прогон θ 試")
    for path in ("config", "metrics.csv", "metrics.jsonl"):
        header = as_bob.get(f"/runs/{run.pk}/{path}")["Content-Disposition"]
        assert "filename*=utf-8''%D0%9F%D1%80" in header
        assert "=?" not in header


def test_several_errors_come_at_once(as_bob: Caller) -> None:
    wrong = {"set": {"seed": -1, "schedule.epochs": 0}}
    assert sorted(locs(as_bob.post("/validate", wrong))) == ["schedule.epochs", "seed"]


def test_a_body_that_is_missing(as_bob: Caller) -> None:
    assert locs(as_bob("patch", f"/runs/{make_run(User.objects.get(username='bob')).pk}")) == [""]


@pytest.mark.parametrize(
    ("query", "loc"),
    [
        ("/runs?page=0", "page"),
        ("/runs?per_page=many", "per_page"),
        ("/runs?filter=acc>high", "filter"),
        ("/runs?sort=nothing", "sort"),
        ("/compare?runs=", "runs"),
        ("/compare", "runs"),
    ],
)
def test_a_query_that_is_wrong_names_the_parameter(as_bob: Caller, query: str, loc: str) -> None:
    assert locs(as_bob.get(query)) == [loc]


@pytest.mark.parametrize(
    ("query", "loc"),
    [
        ("x=miles", "x"),
        ("points=1", "points"),
        ("from=a", "from"),
        ("format=xml", "format"),
        ("names=" + ",".join(f"{n}*" for n in range(51)), "names"),  # each is held against each name of the run
    ],
)
def test_a_window_that_is_wrong_names_the_parameter(as_bob: Caller, bob: User, query: str, loc: str) -> None:
    assert locs(as_bob.get(f"/runs/{make_run(bob).pk}/metrics?{query}")) == [loc]


def test_malformed_json(as_bob: Caller) -> None:
    for body in (b"{", b"\xff", b"{'a': 1}", b'{"set": {"seed": NaN}}', b'{"name": "\\u0000"}'):
        assert "JSON" in problem(as_bob.post("/runs", body), 400)["detail"]


def test_too_large_a_body(as_bob: Caller, settings: LazySettings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    problem(as_bob.post("/runs", {"name": "x" * 1000}), 413)


def test_too_large_a_config(as_bob: Caller, settings: LazySettings) -> None:
    settings.MAX_CONFIG_BYTES = 100
    assert locs(as_bob.post("/runs", {"config": {"x": "y" * 100}})) == ["config"]


def test_too_many_waiting(as_bob: Caller, settings: LazySettings) -> None:
    settings.MAX_QUEUED_PER_USER = 0
    problem(as_bob.post("/runs", {"preset": "ff-digits"}), 429)


def test_no_such_address_or_method(as_bob: Caller, as_nobody: Caller) -> None:
    problem(as_nobody.get("/nothing"), 404)
    problem(as_nobody.get("/"), 404)
    answer = as_bob("put", "/runs")
    problem(answer, 405)
    assert answer["Allow"] == "GET, POST" or answer["Allow"] == "POST, GET"


def test_wrong_tokens(as_bob: Caller, bob: User) -> None:
    for header in ("Bearer nothing", "Bearer", "Bearer ", "Basic Ym9iOmJvYg==", "nothing"):
        problem(Client().get(f"{ROOT}/me", headers={"Authorization": header}), 401)
    browser = Client()
    browser.force_login(bob)
    problem(browser.get(f"{ROOT}/me", headers={"Authorization": "Bearer nothing"}), 401)


def test_a_session_needs_the_csrf_token_to_change_something(bob: User) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(bob)
    assert browser.get(f"{ROOT}/me").json()["username"] == "bob"
    refused = browser.post(f"{ROOT}/tokens", {}, content_type="application/json")
    assert "CSRF" in problem(refused, 403)["detail"]
    browser.cookies["csrftoken"] = "t" * 32
    allowed = browser.post(f"{ROOT}/tokens", {}, content_type="application/json", headers={"X-CSRFToken": "t" * 32})
    assert allowed.status_code == 201
    User.objects.update(is_active=False)
    problem(browser.get(f"{ROOT}/me"), 401)


def test_what_the_state_forbids(as_bob: Caller, bob: User) -> None:
    run = make_run(bob, status="finished")
    assert "finished" in problem(as_bob.post(f"/runs/{run.pk}/stop"), 409)["detail"]
    assert "finished" in problem(as_bob.post(f"/runs/{run.pk}/resume"), 409)["detail"]


def test_a_crash_says_nothing_of_its_cause(as_bob: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(user: User) -> int:
        raise RuntimeError("secret")

    monkeypatch.setattr(people.queries, "waiting", crash)
    assert "secret" not in str(problem(as_bob.get("/me"), 500))


def test_a_grid_of_many_axes_is_counted_before_it_is_made(as_bob: Caller) -> None:
    answer = as_bob.post("/groups", {"preset": "ff-digits", "vary": {str(n): [1, 2] for n in range(20_000)}})
    assert locs(answer) == ["vary"]
    assert len(answer.json()["detail"]) < 200

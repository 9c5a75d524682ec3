"""Who may call what, walked over every address of the OpenAPI document: a new one fails until it is named here."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from persons import Caller, make_run

from ffweb.api.urls import api
from ffweb.people.models import User, hash_secret
from ffweb.runs import status
from ffweb.runs.models import Run, Share

PATHS = api.get_openapi_schema(path_prefix="")["paths"]
CALLS = [(method, path) for path, methods in PATHS.items() for method in methods]
OF_RUNS = [(m, p) for m, p in CALLS if "{run_id}" in p]
SHARED = [(m, p) for m, p in CALLS if p.startswith("/s/")]

# What only the owner and admins may do to a run that all may see, and its answer to them.
OWNERS = {
    ("patch", "/runs/{run_id}"): 200,
    ("delete", "/runs/{run_id}"): 204,
    ("post", "/runs/{run_id}/stop"): 200,
    ("post", "/runs/{run_id}/resume"): 200,
    ("post", "/runs/{run_id}/shares"): 201,
}
# What every member may do to a run of the team; 404: there is no such thing yet, or not any more.
MEMBERS = {
    ("get", "/runs/{run_id}"): 200,
    ("get", "/runs/{run_id}/metrics"): 200,
    ("get", "/runs/{run_id}/metrics.csv"): 200,
    ("get", "/runs/{run_id}/metrics.jsonl"): 200,
    ("get", "/runs/{run_id}/log"): 200,
    ("get", "/runs/{run_id}/figures"): 200,
    ("get", "/runs/{run_id}/figures/{name}"): 404,
    ("get", "/runs/{run_id}/result"): 404,
    ("get", "/runs/{run_id}/config"): 200,
    ("get", "/runs/{run_id}/files/checkpoint"): 404,
    ("get", "/runs/{run_id}/shares"): 200,
    ("post", "/runs/{run_id}/clone"): 201,
    ("post", "/runs/{run_id}/restore"): 404,
}
# What is nobody's in particular.
OTHERS = {
    ("get", "/presets"), ("get", "/schema"), ("get", "/datasets"), ("get", "/workers"), ("post", "/validate"),
    ("get", "/runs"), ("post", "/runs"), ("post", "/groups"), ("get", "/groups/{group}"), ("get", "/compare"),
    ("get", "/me"), ("get", "/tokens"), ("post", "/tokens"), ("delete", "/tokens/{token_id}"),
    ("delete", "/shares/{share_id}"),
}  # fmt: skip


def filled(path: str, run_id: str = "00000000") -> str:
    values = {"run_id": run_id, "name": "confusion", "token": "x" * 32, "share_id": "1", "token_id": "1", "group": "g"}
    return path.format(**values)


def body(method: str) -> dict[str, Any] | None:
    return {"name": "renamed"} if method == "patch" else {} if method == "post" else None


def test_every_call_is_named() -> None:
    assert set(CALLS) == OTHERS | set(OWNERS) | set(MEMBERS) | set(SHARED)


@pytest.mark.parametrize(("method", "path"), [call for call in CALLS if call not in SHARED])
def test_without_an_account_nothing_is_answered(as_nobody: Caller, as_charlie: Caller, method: str, path: str) -> None:
    for caller in (as_nobody, as_charlie):
        answer = caller(method, filled(path), body(method))
        assert answer.status_code == 401
        assert answer["Content-Type"] == "application/problem+json"
        assert answer["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(("method", "path"), OF_RUNS)
def test_a_private_run_of_another_is_as_if_it_were_not_there(
    alice: User, as_bob: Caller, method: str, path: str
) -> None:
    run = make_run(alice, visibility="private")
    hidden = as_bob(method, filled(path, run.pk), body(method))
    absent = as_bob(method, filled(path), body(method))
    assert hidden.status_code == absent.status_code == 404
    assert hidden.content == absent.content


@pytest.mark.parametrize(("method", "path"), OF_RUNS)
def test_a_deleted_run_is_gone_but_for_being_restored(alice: User, as_alice: Caller, method: str, path: str) -> None:
    run = make_run(alice, deleted_at=timezone.now())
    expected = 200 if path.endswith("/restore") else 404
    assert as_alice(method, filled(path, run.pk), body(method)).status_code == expected


@pytest.mark.parametrize(("method", "path"), MEMBERS)
def test_members_read_the_teams_runs(alice: User, as_bob: Caller, method: str, path: str) -> None:
    run = make_run(alice)
    assert as_bob(method, filled(path, run.pk), body(method)).status_code == MEMBERS[method, path]


@pytest.mark.parametrize(("method", "path"), OWNERS)
def test_members_change_only_their_own(
    alice: User, as_alice: Caller, as_bob: Caller, as_dora: Caller, method: str, path: str
) -> None:
    state = status.STOPPED if path.endswith("resume") else status.QUEUED
    for caller, expected in ((as_bob, 403), (as_alice, OWNERS[method, path]), (as_dora, OWNERS[method, path])):
        run = make_run(alice, status=state)
        answer = caller(method, filled(path, run.pk), body(method))
        assert answer.status_code == expected
        if expected == 403:
            assert "Alice Example" in answer.json()["detail"]
            assert Run.objects.get(pk=run.pk).name == "first"


@pytest.mark.parametrize(("method", "path"), SHARED)
def test_a_share_opens_until_it_is_revoked_expires_or_its_maker_leaves(
    alice: User, as_nobody: Caller, method: str, path: str
) -> None:
    share = Share.objects.create(
        run=make_run(alice, visibility="private"), created_by=alice, token_hash=hash_secret("x" * 32)
    )
    expected = 404 if path.endswith(("/result", "/figures/{name}")) else 200
    assert as_nobody(method, filled(path)).status_code == expected
    past = timezone.now() - timedelta(seconds=1)
    gone = []
    for change in ({"revoked_at": past}, {"revoked_at": None, "expires_at": past}):
        Share.objects.filter(pk=share.pk).update(**change)
        gone.append(as_nobody(method, filled(path)))
    Share.objects.filter(pk=share.pk).update(expires_at=None)
    User.objects.filter(pk=alice.pk).update(is_active=False)
    gone.append(as_nobody(method, filled(path)))
    User.objects.filter(pk=alice.pk).update(is_active=True)
    Run.objects.update(deleted_at=past)
    gone.append(as_nobody(method, filled(path)))
    Share.objects.all().delete()
    gone.append(as_nobody(method, filled(path)))
    assert {(answer.status_code, answer.content) for answer in gone} == {(404, gone[0].content)}


def test_a_share_link_is_no_key_to_anything_else(alice: User, as_nobody: Caller) -> None:
    run = make_run(alice)
    Share.objects.create(run=run, created_by=alice, token_hash=hash_secret("x" * 32))
    assert Caller("x" * 32).get("/me").status_code == 401
    shown = as_nobody.get(f"/s/{'x' * 32}/run").json()
    assert not {"notes", "worker", "tags", "visibility", "group"} & set(shown)


def test_tokens_and_shares_of_others_are_not_there(alice: User, bob: User, as_alice: Caller, as_bob: Caller) -> None:
    token = alice.tokens.get()
    assert as_bob.delete(f"/tokens/{token.pk}").status_code == 404
    hidden = Share.objects.create(run=make_run(alice, visibility="private"), created_by=alice, token_hash="a")
    seen = Share.objects.create(run=make_run(alice), created_by=alice, token_hash="b")
    assert as_bob.delete(f"/shares/{hidden.pk}").status_code == 404
    assert as_bob.delete(f"/shares/{seen.pk}").status_code == 403
    assert as_bob.get(f"/runs/{seen.run_id}/shares").json() == {"items": []}
    assert as_alice.delete(f"/shares/{seen.pk}").status_code == 204


def test_comparisons_show_only_what_one_may_see(alice: User, as_bob: Caller) -> None:
    seen, hidden = make_run(alice), make_run(alice, visibility="private")
    assert as_bob.get(f"/compare?runs={seen.pk}").status_code == 200
    assert as_bob.get(f"/compare?runs={seen.pk},{hidden.pk}").status_code == 404

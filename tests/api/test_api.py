"""The calls of the API: what each answers, checked against its own OpenAPI document."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import orjson
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone
from jsonschema import Draft202012Validator
from persons import Caller, make_run

from ffweb.api.urls import api
from ffweb.metrics import store
from ffweb.people.models import ApiToken, User
from ffweb.runs import services, status
from ffweb.runs.models import Figure, LogLine, Run, Share
from ffweb.work.models import Worker
from trainer import config
from trainer.presets import PRESETS

SCHEMA = api.get_openapi_schema(path_prefix="")
RESULT = {
    "status": "finished", "steps": 40, "epochs": 2,
    "metrics": {"test/accuracy": {"last": 0.95, "best": 0.96, "best_step": 30}},
}  # fmt: skip


def checked(answer: Any, method: str, path: str, expected: int = 200) -> Any:
    """The body of an answer, once status and schema are as OpenAPI says."""
    assert answer.status_code == expected, answer.content
    said = SCHEMA["paths"][path][method]["responses"][expected]
    if "content" not in said:
        assert answer.content == b""
        return None
    assert answer["Content-Type"] in said["content"]
    schema = {**said["content"]["application/json"]["schema"], "components": SCHEMA["components"]}
    body = answer.json()
    Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(body)
    return body


@pytest.fixture
def run(alice: User) -> Run:
    """A finished run of 40 steps with everything that one can have."""
    run = make_run(alice, status=status.FINISHED, result=RESULT, seq=44, step=40, epoch=2.0, sparkline=[0.5, 0.95])
    steps = list(range(1, 41))
    store.append(
        run.pk, {"layers/1/gap": (steps, [s / 10 for s in steps]), "test/accuracy": ([20, 40], [0.9, float("nan")])}
    )
    store.append(run.pk, {"axis/epoch": (steps, [s / 20 for s in steps])})
    Figure.objects.create(run=run, name="confusion", step=40, summary="s", body={"labels": ["0"], "matrix": [[1]]})
    for seq in (1, 3):
        LogLine.objects.create(run=run, seq=seq, t=1.5, level="info", text=f"line {seq}")
    return run


# ── to choose from ────────────────────────────────────────────────────────────────────────────────────────────────
def test_presets(as_bob: Caller) -> None:
    found = checked(as_bob.get("/presets"), "get", "/presets")
    assert [item["name"] for item in found["items"]] == list(PRESETS)


def test_schema(as_bob: Caller) -> None:
    schema = checked(as_bob.get("/schema"), "get", "/schema")
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(config.defaults())


def test_datasets(as_bob: Caller) -> None:
    found = checked(as_bob.get("/datasets"), "get", "/datasets")["items"]
    assert next(item for item in found if item["name"] == "digits")["local"] is True


def test_workers(as_bob: Caller) -> None:
    for name, age in (("here", 0), ("gone", 90)):
        seen = timezone.now() - timedelta(seconds=age)
        Worker.objects.create(name=name, queue="cpu", host="h", device="cpu", meters={"energy": None}, seen=seen)
    assert [item["name"] for item in checked(as_bob.get("/workers"), "get", "/workers")["items"]] == ["here"]


def test_validate(as_bob: Caller) -> None:
    found = checked(as_bob.post("/validate", {"preset": "ff-digits", "set": {"seed": 3}}), "post", "/validate")
    assert found["config"]["seed"] == 3
    summary = found["summary"]
    assert summary["parameters"] == sum(layer["parameters"] for layer in summary["layers"]) > 0
    assert summary["memory_bytes"] == sum(summary["memory"].values())
    assert not Run.objects.exists()


# ── runs ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_create_and_read(as_bob: Caller) -> None:
    order = {"preset": "ff-digits", "set": {"seed": 3}, "tags": ["a"], "visibility": "private", "name": "mine"}
    made = checked(as_bob.post("/runs", order), "post", "/runs", 201)
    assert (made["name"], made["owner"], made["status"], made["queue_position"]) == ("mine", "bob", "queued", 1)
    assert made["config"]["seed"] == 3
    assert checked(as_bob.get(f"/runs/{made['id']}"), "get", "/runs/{run_id}") == made


def test_list(as_bob: Caller, run: Run) -> None:
    page = checked(as_bob.get("/runs?filter=acc>0.9&sort=-acc&per_page=1"), "get", "/runs")
    assert (page["total"], page["page"], page["per_page"]) == (1, 1, 1)
    assert page["items"][0]["sparkline"] == [0.5, 0.95]


def test_groups(as_bob: Caller) -> None:
    order = {"preset": "ff-digits", "seeds": [0, 1], "against": ["backprop"], "vary": {"optimiser.lr": [0.1, 0.2]}}
    made = checked(as_bob.post("/groups", order), "post", "/groups", 201)
    assert len(made["runs"]) == 6
    assert checked(as_bob.get(f"/groups/{made['group']}"), "get", "/groups/{group}") == made
    assert as_bob.get("/groups/00000000").status_code == 404


def test_patch_changes_only_what_is_given(as_alice: Caller, run: Run) -> None:
    path = f"/runs/{run.pk}"
    changed = checked(as_alice.patch(path, {"notes": "n", "starred": True}), "patch", "/runs/{run_id}")
    assert (changed["notes"], changed["starred"], changed["name"], changed["visibility"]) == (
        "n",
        True,
        "first",
        "team",
    )


def test_delete_and_restore(as_alice: Caller, run: Run) -> None:
    checked(as_alice.delete(f"/runs/{run.pk}"), "delete", "/runs/{run_id}", 204)
    assert as_alice.get(f"/runs/{run.pk}").status_code == 404
    checked(as_alice.post(f"/runs/{run.pk}/restore"), "post", "/runs/{run_id}/restore")
    assert as_alice.get(f"/runs/{run.pk}").status_code == 200


def test_stop_resume_clone(as_alice: Caller) -> None:
    made = as_alice.post("/runs", {"preset": "ff-digits"}).json()
    stopped = checked(as_alice.post(f"/runs/{made['id']}/stop"), "post", "/runs/{run_id}/stop")
    assert stopped["status"] == "stopped"
    resumed = checked(as_alice.post(f"/runs/{made['id']}/resume"), "post", "/runs/{run_id}/resume")
    assert resumed["status"] == "queued"
    order = {"name": "again", "set": {"seed": 8}}
    copy = checked(as_alice.post(f"/runs/{made['id']}/clone", order), "post", "/runs/{run_id}/clone", 201)
    assert copy["config"] == {**made["config"], "seed": 8, "name": "again"}


# ── results ───────────────────────────────────────────────────────────────────────────────────────────────────────
def test_metrics(as_bob: Caller, run: Run) -> None:
    path = "/runs/{run_id}/metrics"
    found = checked(as_bob.get(f"/runs/{run.pk}/metrics?names=layers/*/gap"), "get", path)
    assert found["seq"] == 44
    assert list(found["series"]) == ["layers/1/gap"]
    assert found["series"]["layers/1/gap"]["x"] == list(range(1, 41))
    part = checked(as_bob.get(f"/runs/{run.pk}/metrics?x=epoch&from=0.5&to=1&names=layers/1/gap"), "get", path)
    assert part["series"]["layers/1/gap"]["x"][0] == 0.5
    everything = checked(as_bob.get(f"/runs/{run.pk}/metrics?points=4"), "get", path)
    assert everything["series"]["test/accuracy"]["y"] == [0.9, None]
    assert everything["series"]["layers/1/gap"]["total"] == 40
    packed = checked(as_bob.get(f"/runs/{run.pk}/metrics?format=typed"), "get", path)
    assert packed["series"]["layers/1/gap"]["y"]["dtype"] == "f4"


def test_metrics_in_full(as_bob: Caller, run: Run) -> None:
    table = as_bob.get(f"/runs/{run.pk}/metrics.csv")
    assert table["Content-Disposition"] == f'attachment; filename="first-{run.pk}-metrics.csv"'
    lines = table.getvalue().decode().splitlines()
    assert lines[0] == "step,epoch,layers/1/gap,test/accuracy"
    assert (lines[1], lines[20], len(lines)) == ("1,0.05,0.1,", "20,1.0,2.0,0.9", 41)
    rows = [orjson.loads(line) for line in as_bob.get(f"/runs/{run.pk}/metrics.jsonl").getvalue().splitlines()]
    assert (rows[0], len(rows)) == ({"step": 1, "epoch": 0.05, "layers/1/gap": 0.1}, 40)


def test_log(as_bob: Caller, run: Run) -> None:
    found = checked(as_bob.get(f"/runs/{run.pk}/log?after=1"), "get", "/runs/{run_id}/log")
    assert [line["text"] for line in found["items"]] == ["line 3"]


def test_figures_result_config(as_bob: Caller, run: Run) -> None:
    at = f"/runs/{run.pk}"
    items = checked(as_bob.get(f"{at}/figures"), "get", "/runs/{run_id}/figures")["items"]
    assert items == [{"name": "confusion", "step": 40, "summary": "s"}]
    assert as_bob.get(f"{at}/figures/confusion").json()["matrix"] == [[1]]
    assert as_bob.get(f"{at}/result").json() == RESULT
    kept = as_bob.get(f"{at}/config")
    assert kept.json() == run.config
    assert kept["Content-Disposition"] == f'inline; filename="first-{run.pk}-config.json"'


def test_checkpoint(as_bob: Caller, run: Run) -> None:
    body = bytes(range(256)) * 8192
    name = default_storage.save(services.checkpoint_name(run), ContentFile(body))
    answer = as_bob.get(f"/runs/{run.pk}/files/checkpoint")
    assert answer.getvalue() == body
    assert (answer["Content-Length"], answer["Content-Type"]) == (str(len(body)), "application/octet-stream")
    assert answer["Content-Disposition"] == f'attachment; filename="first-{run.pk}-checkpoint.pt"'
    default_storage.delete(name)


def test_a_file_name_is_tame(as_alice: Caller, run: Run) -> None:
    as_alice.patch(f"/runs/{run.pk}", {"name": '../"θ=1"\\ <b>; x'})
    given = as_alice.get(f"/runs/{run.pk}/metrics.csv")["Content-Disposition"]
    assert not set("/\\<>;") & set(given.split("; ", 1)[1])


def test_compare(as_bob: Caller, alice: User, run: Run) -> None:
    other = make_run(alice, "second", config={"seed": 1, "objective": {"kind": "symba", "alpha": 4.0}})
    found = checked(as_bob.get(f"/compare?runs={run.pk},{other.pk}"), "get", "/compare")
    assert [item["id"] for item in found["runs"]] == [run.pk, other.pk]
    assert found["differ"] == {
        "seed": {run.pk: 0, other.pk: 1},
        "objective.kind": {run.pk: "threshold", other.pk: "symba"},
        "objective.theta": {run.pk: 1.5},
        "objective.alpha": {other.pk: 4.0},
    }
    assert found["same"]["data.name"] == "digits"
    assert found["metrics"]["test/accuracy"]["values"] == {
        run.pk: {"last": 0.95, "best": 0.96, "best_step": 30, "over": 0.95}
    }
    assert found["metrics"]["test/accuracy"]["better"] == "up"


# ── shares, people ────────────────────────────────────────────────────────────────────────────────────────────────
def test_the_life_of_a_share(as_alice: Caller, as_nobody: Caller, run: Run) -> None:
    expires = (timezone.now() + timedelta(days=1)).isoformat()
    made = checked(
        as_alice.post(f"/runs/{run.pk}/shares", {"expires_at": expires}), "post", "/runs/{run_id}/shares", 201
    )
    assert made["url"].startswith("http://testserver/s/")
    token = made["url"].rpartition("/")[2]
    shown = checked(as_nobody.get(f"/s/{token}/run"), "get", "/s/{token}/run")
    assert (shown["id"], shown["owner"]) == (run.pk, "Alice Example")
    checked(as_nobody.get(f"/s/{token}/metrics"), "get", "/s/{token}/metrics")
    items = checked(as_alice.get(f"/runs/{run.pk}/shares"), "get", "/runs/{run_id}/shares")["items"]
    assert [(item["id"], item["live"]) for item in items] == [(made["id"], True)]
    assert token not in str(items)
    checked(as_alice.delete(f"/shares/{made['id']}"), "delete", "/shares/{share_id}", 204)
    assert as_nobody.get(f"/s/{token}/run").status_code == 404
    assert as_alice.get(f"/runs/{run.pk}/shares").json()["items"][0]["live"] is False


def test_a_share_without_a_body_does_not_expire(as_alice: Caller, run: Run) -> None:
    assert as_alice.post(f"/runs/{run.pk}/shares").json()["expires_at"] is None
    assert Share.objects.get().expires_at is None


def test_me_and_tokens(as_alice: Caller, alice: User) -> None:
    make_run(alice)
    me = checked(as_alice.get("/me"), "get", "/me")
    assert (me["username"], me["name"], me["queued"]) == ("alice", "Alice Example", 1)
    made = checked(as_alice.post("/tokens", {"name": "laptop"}), "post", "/tokens", 201)
    assert Caller(made["token"]).get("/me").status_code == 200
    listed = checked(as_alice.get("/tokens"), "get", "/tokens")["items"]
    assert [item["name"] for item in listed] == ["laptop", ""]
    assert made["token"] not in str(listed) + str(list(ApiToken.objects.values()))
    checked(as_alice.delete(f"/tokens/{made['id']}"), "delete", "/tokens/{token_id}", 204)
    assert Caller(made["token"]).get("/me").status_code == 401

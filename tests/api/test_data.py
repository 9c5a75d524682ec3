"""Data of one's own by API: odd files keep nobody from anything, and runs over other data are told apart."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from owndata import Y, folder, npz, odd
from persons import Caller, make_run
from test_api import checked

from ffweb.people.models import User
from ffweb.runs import overview, status
from ffweb.runs.models import Run
from trainer.data import fingerprint

__all__ = ["folder"]


def test_odd_files_are_listed_with_their_reasons(as_bob: Caller, folder: Path) -> None:
    odd(folder)
    found = checked(as_bob.get("/datasets"), "get", "/datasets")
    own = next(item for item in found["items"] if item["name"] == "npz:own")
    assert own["shape"] == [6, 9, 1]
    assert own["content"].startswith("crc:")
    reasons = {item["name"]: item["reason"] for item in found["unusable"]}
    assert "password" in reasons["npz:locked"]
    assert "is a pipe" in reasons["npz:pipe"]
    assert "is a folder" in reasons["text:folder"]
    assert "rename it" in reasons["npz:\\xff\\n.npz"]
    assert "none of the symbols that there are" in reasons["text:digits"]
    assert {"npz:locked", "text:folder"}.isdisjoint(item["name"] for item in found["items"])


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("npz:locked", "password"),
        ("npz:pipe", "is a pipe"),
        ("text:folder", "is a folder"),
        ("text:digits", "none of the symbols"),
        ("npz:none", "there is no none.npz"),
        ("npz:" + "é" * 90, "longer than 90 bytes"),
        ("npz:a\nb", "rename it"),
        ("npz:../own", "names no npz file"),
    ],
)
def test_choosing_an_odd_file_is_a_sentence_at_its_field(as_bob: Caller, folder: Path, name: str, why: str) -> None:
    odd(folder)
    answer = as_bob.post("/validate", {"preset": "ff-digits", "set": {"data.name": name}})
    assert answer.status_code == 422
    (problem,) = answer.json()["errors"]
    assert problem["loc"] == "data.name"
    assert why in problem["msg"]
    assert as_bob.post("/validate", {"preset": "ff-digits"}).status_code == 200


@pytest.mark.parametrize(
    "text", [rb'"npz:\ud800"', rb'"text:\u2028"', rb'"npz:\u202e"', b"5", b"null", b'""', b'"npz:' + b"x" * 300 + b'"']
)
def test_no_name_brings_the_service_down(as_bob: Caller, folder: Path, text: bytes) -> None:
    answer = as_bob.post("/validate", b'{"preset": "ff-digits", "set": {"data.name": ' + text + b"}}")
    assert answer.status_code in (400, 422)
    assert answer["Content-Type"].startswith("application/problem+json")


def test_validating_says_how_data_are_read(as_bob: Caller, folder: Path) -> None:
    out = io.BytesIO()
    np.savez(
        out, x_train=np.zeros((40, 3, 8, 8), np.uint8), y_train=Y, x_test=np.zeros((40, 3, 8, 8), np.uint8), y_test=Y
    )
    (folder / "torch.npz").write_bytes(out.getvalue())
    answer = as_bob.post("/validate", {"preset": "ff-digits", "set": {"data.name": "npz:torch"}})
    warnings = checked(answer, "post", "/validate")["summary"]["warnings"]
    assert "channels first, (N, 3, 8, 8); it is read as 8 × 8 with 3 channels" in warnings[0]


# ── what runs were trained on ─────────────────────────────────────────────────────────────────────────────────────
def over(owner: User, data: fingerprint.Fingerprint | None, **fields: Any) -> Run:
    """A finished run over npz:own as it was at the time."""
    environment = {"data": data} if data else {}
    config = {"data": {"name": "npz:own", "train_size": None}} | fields.pop("config", {})
    fields = {"status": status.FINISHED, "latest": {"test/accuracy": 0.9}} | fields
    return make_run(owner, environment=environment, config=config, **fields)


def test_a_run_says_what_it_was_trained_on(as_bob: Caller, bob: User, folder: Path) -> None:
    now = fingerprint.of("npz:own")
    run = over(bob, now)
    assert checked(as_bob.get(f"/runs/{run.pk}"), "get", "/runs/{run_id}")["data"] == now
    assert checked(as_bob.get(f"/runs/{over(bob, None).pk}"), "get", "/runs/{run_id}")["data"] is None


@pytest.mark.parametrize("data", [{"data": "x"}, {"data": {"shape": [1], "name": 3}}, {"data": [1]}])
def test_a_row_that_says_something_else_is_no_obstacle(as_bob: Caller, bob: User, data: Any) -> None:
    run = make_run(bob, environment=data, status=status.FINISHED)
    assert checked(as_bob.get(f"/runs/{run.pk}"), "get", "/runs/{run_id}")["data"] is None


def test_a_comparison_says_that_one_name_was_two_data_sets(as_bob: Caller, bob: User, folder: Path) -> None:
    before = fingerprint.of("npz:own")
    (folder / "own.npz").write_bytes(npz(classes=5, images=50))
    now = fingerprint.of("npz:own")
    runs = [over(bob, before), over(bob, now), over(bob, before), over(bob, None)]
    ids = ",".join(run.pk for run in runs)
    (warning,) = checked(as_bob.get(f"/compare?runs={ids}"), "get", "/compare")["warnings"]
    assert warning == (
        f"npz:own was not the same data for all of these runs: 4 classes and 80 images for {runs[0].pk}, {runs[2].pk}; "
        f"5 classes and 100 images for {runs[1].pk}. What they reached does not compare."
    )
    same = f"/compare?runs={runs[0].pk},{runs[2].pk},{runs[3].pk}"
    assert checked(as_bob.get(same), "get", "/compare")["warnings"] == []


def test_a_resume_over_other_data_is_refused_and_nothing_is_queued(
    as_bob: Caller, bob: User, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ffweb.runs.services.default_storage.exists", lambda name: True)
    run = over(bob, fingerprint.of("npz:own"), status=status.STOPPED, seq=9, checkpoint_step=3)
    (folder / "own.npz").write_bytes(npz(classes=5))
    refused = as_bob.post(f"/runs/{run.pk}/resume")
    assert refused.status_code == 409
    said = refused.json()["detail"]
    assert "npz:own had 4 classes and 80 images when this run began, now 5 classes and 80 images" in said
    run.refresh_from_db()
    assert run.status == status.STOPPED
    (folder / "own.npz").write_bytes(npz())
    assert as_bob.post(f"/runs/{run.pk}/resume").status_code == 200


def test_the_best_of_a_name_is_the_best_of_the_same_data(bob: User, folder: Path) -> None:
    before = fingerprint.of("npz:own")
    now = before | {"content": "crc:0123456789ab"}
    for data, reached in ((before, 0.8), (before, 0.7), (now, 0.99)):
        over(bob, data, latest={"valid/accuracy": reached, "test/accuracy": 0.5})
    assert overview.best_accuracies(bob) == {("npz:own", before["content"]): 0.8}

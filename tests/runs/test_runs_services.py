"""Everything that is done to runs, and what it leaves behind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone
from persons import make_run

from ffweb.people.models import User
from ffweb.runs import access, facts, launch, queries, services, status, transitions, validate, withdraw
from ffweb.runs.errors import NotYours, Refused, TooMany
from ffweb.runs.models import Fact, Run, Share
from ffweb.work.models import Worker
from trainer import config
from trainer.controls import CONTROLS
from trainer.errors import ConfigError

Commit = Callable[..., AbstractContextManager[list[Any]]]


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, Any]]]:
    """What was said to pages and workers, in order."""
    said: list[tuple[str, Any]] = []
    for module in (services, launch, transitions, withdraw):
        for name in ("push_run", "close_share", "ring"):
            if hasattr(module, name):
                monkeypatch.setattr(module, name, lambda *args, name=name: said.append((name, *args)))
    return said


def problems(error: pytest.ExceptionInfo[ConfigError]) -> dict[str, str]:
    return {problem["loc"]: problem["msg"] for problem in error.value.errors}


def see_worker(queue: str, **meters: Any) -> None:
    Worker.objects.create(
        name=f"{queue}@here", queue=queue, host="here", device=queue, meters=meters, seen=timezone.now()
    )


# ── launch ────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_run_holds_the_whole_config_and_is_queued(
    alice: User, told: list[tuple[str, Any]], django_capture_on_commit_callbacks: Commit
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        run = services.create_run(alice, preset="ff-digits", changes={"schedule.epochs": 3}, tags=["a", " a", "b c"])
    expected = config.parse(config.compose("ff-digits", None, {"schedule.epochs": 3})).model_dump(mode="json")
    assert run.config == expected
    assert (run.name, run.status, run.queue, run.tags) == ("FF on digits", "queued", "cpu", ["a", "b c"])
    assert told == [("push_run", run.pk), ("ring", "cpu", 1)]
    assert Fact.objects.get(run=run, key="config.schedule.epochs").num == 3


def test_a_name_of_its_own_is_in_the_config_too(alice: User) -> None:
    run = services.create_run(alice, name="  my   run ", preset="ff-digits")
    assert run.name == run.config["name"] == "my run"


@pytest.mark.parametrize(
    ("order", "loc"),
    [
        ({"preset": "nothing"}, "preset"),
        ({"preset": "ff-digits", "changes": {"schedule.epochs": -1}}, "schedule.epochs"),
        ({"preset": "ff-digits", "changes": {"objective.nothing": 1}}, "objective.nothing"),
        ({"config": {"data": {"name": "nothing"}}}, "data.name"),
        ({"preset": "ff-digits", "changes": {"device": "cuda"}}, "device"),
        ({"preset": "ff-digits", "changes": {"device": "tpu"}}, "device"),
        ({"preset": "ff-digits", "name": "x" * 201}, "name"),
        ({"preset": "ff-digits", "tags": ["x" * 41]}, "tags"),
        ({"preset": "ff-digits", "tags": ["a,b"]}, "tags"),
        ({"preset": "ff-digits", "visibility": "world"}, "visibility"),
        ({"config": {"nothing": "x" * 70_000}}, "config"),
    ],
)
def test_what_cannot_run_is_refused_with_the_field(alice: User, order: dict[str, Any], loc: str) -> None:
    with pytest.raises(ConfigError) as error:
        services.create_run(alice, **order)
    assert list(problems(error)) == [loc]
    assert not Run.objects.exists()


def test_a_net_that_does_not_fit_is_refused_with_the_estimate(alice: User) -> None:
    with pytest.raises(ConfigError) as error:
        services.create_run(alice, preset="ff-digits", changes={"architecture.hidden": [65_536] * 8})
    assert list(problems(error)) == ["architecture.hidden"]
    assert "this run needs about 482 GB of memory" in str(error.value)


def test_memory_is_that_of_the_largest_worker(alice: User) -> None:
    see_worker("cpu", memory_bytes=1000)
    with pytest.raises(ConfigError):
        validate.check("ff-digits")
    Worker.objects.create(
        name="big", queue="cpu", host="b", device="", meters={"memory_bytes": 1 << 40}, seen=timezone.now()
    )
    assert validate.check("ff-digits")


def test_the_queue_follows_the_workers(alice: User) -> None:
    assert services.create_run(alice, preset="ff-digits").queue == "cpu"
    see_worker("gpu")
    assert services.create_run(alice, preset="ff-digits").queue == "gpu"
    assert services.create_run(alice, preset="ff-digits", changes={"device": "cuda"}).queue == "gpu"
    assert services.create_run(alice, preset="ff-digits", changes={"device": "cpu"}).queue == "cpu"
    Worker.objects.update(seen=timezone.now() - timedelta(seconds=61))
    assert services.create_run(alice, preset="ff-digits").queue == "cpu"


def test_a_queue_has_a_length(alice: User, bob: User, settings: LazySettings) -> None:
    settings.MAX_QUEUED_PER_USER = 2
    services.create_run(alice, preset="ff-digits")
    with pytest.raises(TooMany):
        services.create_group(alice, preset="ff-digits", against=["backprop"])
    assert Run.objects.count() == 1
    services.create_run(bob, preset="ff-digits")
    services.stop(alice, Run.objects.get(owner=alice))
    services.create_group(alice, preset="ff-digits", against=["backprop"])


def test_the_twin_is_the_trainers(alice: User) -> None:
    _, (run, twin) = services.create_group(alice, preset="ff-digits", changes={"seed": 4}, against=["backprop"])
    assert run.group == twin.group != ""
    expected = config.parse(run.config).twin().model_dump(mode="json")
    assert {**twin.config, "name": ""} == {**expected, "name": ""}
    assert twin.name == "FF on digits · backprop"


@pytest.mark.parametrize(
    ("memory", "twins"),
    [
        ({"memory.kind": "streamed"}, {"kind": "resident", "batch": "pieces"}),  # what a gradient joins cannot wait
        ({"memory.batch": "pieces"}, {"kind": "resident", "batch": "pieces"}),
        ({"memory.batch": "whole"}, {"kind": "resident", "batch": "whole"}),
    ],
)
@pytest.mark.parametrize("kind", ["backprop", "deep_supervision"])
def test_a_batch_goes_through_the_twin_as_through_the_run(
    alice: User, kind: str, memory: dict[str, Any], twins: dict[str, Any]
) -> None:
    _, (_, control) = services.create_group(alice, preset="ff-digits", changes=memory, against=[kind])
    assert control.config["memory"] == twins


def test_a_group_is_a_grid_with_seeds_and_controls(alice: User) -> None:
    order = {"name": "grid", "preset": "ff-pezeshki-mnist", "against": ["backprop", "random"], "seeds": [0, 1]}
    name, runs = services.create_group(alice, vary={"objective.theta": [1, 2]}, **order)
    points, controls = runs[:4], runs[4:]
    assert [(r.config["objective"]["theta"], r.config["seed"]) for r in points] == [(1, 0), (1, 1), (2, 0), (2, 1)]
    assert points[0].name == "grid · theta 1, seed 0"
    # Controls have no θ: one of each a seed.
    assert [r.config["seed"] for r in controls] == [0, 0, 1, 1]
    assert {r.config["scope"]["kind"] for r in controls} == {"whole", "layer"}
    assert [item["name"] for item in queries.group(alice, name)] == [r.name for r in runs]


@pytest.mark.parametrize(
    ("order", "loc"),
    [
        ({"against": ["magic"]}, "against"),
        ({"seeds": range(61)}, "seeds"),
        ({"vary": {"seed": list(range(10)), "optimiser.lr": [0.1] * 7}}, "vary"),
        ({"vary": {"seed": []}}, "vary.seed"),
        ({"vary": {"optimiser.lr": [0.1, -1]}}, "optimiser.lr"),
    ],
)
def test_a_group_runs_whole_or_not_at_all(alice: User, order: dict[str, Any], loc: str) -> None:
    with pytest.raises(ConfigError) as error:
        services.create_group(alice, preset="ff-digits", **order)
    assert list(problems(error)) == [loc]
    assert not Run.objects.exists()


def test_every_control_can_be_asked_for_and_equal_ones_are_shared(alice: User) -> None:
    named = [name for name in CONTROLS if name != "frozen_below"]  # which only a hybrid can have
    order = {"preset": "ff-digits", "against": named, "seeds": [0]}
    _, runs = services.create_group(alice, vary={"objective.alpha": [4.0, 6.0]}, **order)
    assert [run.name.rpartition(" · ")[2] for run in runs[2:]] == [CONTROLS[name].title.lower() for name in named]


def test_a_control_that_a_run_cannot_have_is_refused_with_the_reason(alice: User) -> None:
    with pytest.raises(ConfigError, match="is itself") as error:
        services.create_group(alice, preset="backprop-digits", against=["backprop"])
    assert list(problems(error)) == ["against"]


def test_a_clone_keeps_what_it_does_not_change(alice: User, bob: User) -> None:
    run = services.create_run(alice, preset="ff-digits", changes={"schedule.epochs": 3}, tags=["a"])
    copy = services.clone(bob, run, changes={"seed": 9})
    assert (copy.owner, copy.parent, copy.name, copy.tags) == (bob, run, "FF on digits (copy)", ["a"])
    assert copy.config == {**run.config, "seed": 9, "name": "FF on digits (copy)"}


# ── status ────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_one_of_several_moves_wins(alice: User, told: list[Any], django_capture_on_commit_callbacks: Commit) -> None:
    run = make_run(alice)
    with django_capture_on_commit_callbacks(execute=True):
        won = [transitions.move(run.pk, [status.QUEUED], status.STARTING, worker="w") for _ in range(3)]
    assert (won, told) == ([True, False, False], [("push_run", run.pk)])


def test_the_end_stores_facts_and_drops_the_lease(alice: User) -> None:
    run = make_run(alice, status=status.RUNNING, lease_owner="w", stop_requested=True)
    result = {
        "metrics": {"test/accuracy": {"last": 0.9, "best": 0.95, "best_step": 3}},
        "peak": {"rss": 5},
        "energy": None,
    }
    Run.objects.update(result=result, started=timezone.now() - timedelta(seconds=60))
    assert transitions.move(run.pk, [status.RUNNING], status.FINISHED)
    run.refresh_from_db()
    assert (run.lease_owner, run.stop_requested, run.ended is not None) == ("", False, True)
    found = dict(Fact.objects.filter(run=run, key__startswith="result.").values_list("key", "num"))
    assert found.pop("result.duration") == pytest.approx(60, abs=5)
    assert found == {
        "result.peak.rss": 5, "result.test/accuracy.last": 0.9, "result.test/accuracy.best": 0.95,
        "result.test/accuracy.best_step": 3,
    }  # fmt: skip


def test_a_run_that_died_has_the_facts_of_what_it_measured(alice: User) -> None:
    run = make_run(alice, status=status.RUNNING)
    latest = {"test/accuracy": 0.5, "train/loss": None}
    Run.objects.update(latest=latest, best={"test/accuracy": {"best": 0.6, "best_step": 2}})
    transitions.move(run.pk, [status.RUNNING], status.LOST)
    found = dict(Fact.objects.filter(run=run, key__startswith="result.").values_list("key", "num"))
    assert found == {
        "result.test/accuracy.last": 0.5,
        "result.test/accuracy.best": 0.6,
        "result.test/accuracy.best_step": 2,
    }


def test_flatten() -> None:
    tree = {"a": {"b": 1, "c": [1, 2], "d": [{"x": 1}], "e": None, "f": True, "g": []}, "h": "text"}
    assert dict(facts.flatten("config", tree)) == {
        "config.a.b": 1, "config.a.c": "1,2", "config.a.f": True, "config.h": "text",
    }  # fmt: skip


def test_stop(alice: User, told: list[Any], django_capture_on_commit_callbacks: Commit) -> None:
    waiting, training, over = (make_run(alice, status=s) for s in ("queued", "running", "finished"))
    with django_capture_on_commit_callbacks(execute=True):
        for run in (waiting, training):
            services.stop(alice, run)
            run.refresh_from_db()
    assert (waiting.status, waiting.reason) == ("stopped", "Stopped before it started.")
    assert (training.status, training.stop_requested) == ("running", True)
    assert told == [("push_run", training.pk), ("push_run", waiting.pk)]
    with pytest.raises(Refused, match="finished: there is nothing to stop"):
        services.stop(alice, over)


@pytest.fixture
def checkpoint() -> Iterator[Callable[[Run], None]]:
    names: list[str] = []

    def write(run: Run) -> None:
        names.append(default_storage.save(services.checkpoint_name(run), ContentFile(b"weights")))

    yield write
    for name in names:
        default_storage.delete(name)


@pytest.mark.parametrize("state", status.STATUSES)
def test_resume_from_each_status(alice: User, checkpoint: Callable[[Run], None], state: str) -> None:
    run = make_run(alice, status=state, seq=9, reason="why", ended=timezone.now())
    checkpoint(run)
    if state not in status.RESUMABLE:
        with pytest.raises(Refused, match="only stopped, failed, diverged or lost runs"):
            services.resume(alice, run)
        return
    services.resume(alice, run)
    run.refresh_from_db()
    assert (run.status, run.resume_wanted, run.reason, run.ended) == ("queued", True, "", None)
    with pytest.raises(Refused):
        services.resume(alice, run)


def test_resume_needs_a_checkpoint_unless_nothing_was_done(alice: User) -> None:
    with pytest.raises(Refused, match="no checkpoint"):
        services.resume(alice, make_run(alice, status=status.FAILED, seq=9))
    fresh = make_run(alice, status=status.STOPPED)
    services.resume(alice, fresh)
    fresh.refresh_from_db()
    assert (fresh.status, fresh.resume_wanted) == ("queued", False)


def test_places_in_the_queue(alice: User) -> None:
    now = timezone.now()
    runs = [make_run(alice, str(n), queued_at=now - timedelta(seconds=n)) for n in range(3)]
    gpu = make_run(alice, "gpu", queue="gpu", queued_at=now)
    running = make_run(alice, "running", status=status.RUNNING)
    assert [queries.queue_position(run) for run in (*runs, gpu, running)] == [3, 2, 1, 1, None]
    assert queries.queue_positions([*runs, gpu, running]) == {runs[0].pk: 3, runs[1].pk: 2, runs[2].pk: 1, gpu.pk: 1}


# ── change, delete, share ─────────────────────────────────────────────────────────────────────────────────────────
def test_update_rewrites_tags(alice: User, bob: User) -> None:
    run = make_run(alice, tags=["old"])
    services.update(alice, run, tags=["new", "new "], name=" a  b ", starred=True)
    run.refresh_from_db()
    assert (run.tags, run.name, run.starred) == (["new"], "a b", True)
    assert list(Fact.objects.filter(run=run, key__startswith="tag.").values_list("txt", flat=True)) == ["new"]
    with pytest.raises(NotYours, match="Alice Example and admins"):
        services.update(bob, run, name="x")
    with pytest.raises(ConfigError):
        services.update(alice, run, notes="x" * 20_001)


def test_delete_and_restore(alice: User, bob: User) -> None:
    waiting, training = make_run(alice), make_run(alice, status=status.RUNNING)
    for run in (waiting, training):
        services.delete(alice, run)
        with pytest.raises(access.NotVisible):
            access.run_for(alice, run.pk)
    waiting.refresh_from_db()
    training.refresh_from_db()
    assert (waiting.status, training.stop_requested) == ("stopped", True)
    with pytest.raises(Run.DoesNotExist):
        services.restore(bob, waiting.pk)
    services.restore(alice, waiting.pk.upper())
    assert access.run_for(bob, waiting.pk)


def test_what_was_deleted_long_ago_goes(alice: User) -> None:
    old, new = (make_run(alice, deleted_at=timezone.now() - timedelta(days=days)) for days in (31, 29))
    with pytest.raises(Run.DoesNotExist):
        services.restore(alice, old.pk)
    assert services.purge() == [old.pk]
    assert Run.objects.get() == new


def test_shares(alice: User, bob: User, told: list[Any], django_capture_on_commit_callbacks: Commit) -> None:
    run = make_run(alice)
    share, token = services.make_share(alice, run)
    assert len(token) >= 32
    assert token not in str(list(Share.objects.values()))
    assert access.share_for(token) == share
    with pytest.raises(NotYours):
        services.make_share(bob, run)
    with pytest.raises(NotYours):
        services.revoke_share(bob, share)
    with pytest.raises(ConfigError) as error:
        services.make_share(alice, run, timezone.now())
    assert list(problems(error)) == ["expires_at"]
    with django_capture_on_commit_callbacks(execute=True):
        services.revoke_share(alice, share)
    assert told == [("close_share", share.pk)]
    with pytest.raises(access.ShareGone):
        access.share_for(token)


def test_the_payload_has_exactly_the_keys_of_the_door(alice: User) -> None:
    run = make_run(alice, status=status.RUNNING, progress={"done": 0.5})
    payload = queries.run_payload(run)
    assert set(payload) == {
        "id", "name", "status", "reason", "preset", "config", "data", "owner", "visibility", "tags", "notes", "starred",
        "archived", "group", "device", "worker", "queue_position", "progress", "latest", "result",
        "silent_since", "created", "started", "ended",
    }  # fmt: skip
    assert payload["progress"] == {"done": 0.5, "eta_s": None, "phase": ""}
    assert payload["reason"] == "Training."
    assert set(queries.share_payload(run)) < set(payload)


def test_every_run_that_can_be_resumed_may_be_queued() -> None:
    assert all(status.QUEUED in status.STATUSES[name].after for name in status.RESUMABLE)
    assert set(status.ACTIVE) | set(status.ENDED) == set(status.STATUSES)

"""A folder of the command line becomes a run, once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from ffweb.metrics import store
from ffweb.people.models import User
from ffweb.runs import importing, launch, queries, services
from ffweb.runs.importing import NotImported
from ffweb.runs.models import Fact, Run
from trainer import config
from trainer.events import EventWriter
from trainer.rundir import RunDir, write_json

INFO = {"test/accuracy": {"unit": "fraction", "better": "up", "help": ""}}


@pytest.fixture
def folder(tmp_path: Path) -> RunDir:
    """A run of 30 steps that has not ended yet."""
    run_dir = RunDir(tmp_path / "out").create()
    write_json(run_dir.config, config.parse({"name": "by hand", "seed": 3}).model_dump(mode="json"))
    writer = EventWriter(run_dir.events)
    writer.write("start", metrics=INFO, layers=[], device="cpu", total_steps=30, resumed_from=None)
    for step in (10, 20, 30):
        values = {"test/accuracy": step / 100}
        writer.metrics(
            step=step, epoch=step / 10, images=step, flops=1.0 * step, train_seconds=0.1 * step, values=values
        )
    writer.close()
    return run_dir


def end(folder: RunDir) -> None:
    metrics = {"test/accuracy": {"last": 0.3, "best": 0.3, "best_step": 30}}
    writer = EventWriter(folder.events)
    writer.write("result", status="finished", reason="", metrics=metrics, steps=30)
    writer.write("end", status="finished", reason="All epochs done.", field=None)
    writer.close()
    folder.checkpoint.write_bytes(b"weights")


def series(run: Run) -> list[float]:
    return list(store.window(run.pk, ["test/accuracy"])["test/accuracy"].y)


def test_a_folder_becomes_a_run_with_all_it_has(folder: RunDir, alice: User) -> None:
    end(folder)
    run = importing.import_dir(alice, folder.path)
    payload: dict[str, Any] = queries.run_payload(run)
    assert (payload["name"], payload["status"], payload["reason"]) == ("by hand", "finished", "All epochs done.")
    assert payload["result"]["test/accuracy"]["best"] == 0.3
    assert series(run) == [0.1, 0.2, 0.3]
    assert Fact.objects.get(run=run, key="result.test/accuracy.last").num == 0.3
    assert Fact.objects.get(run=run, key="config.seed").num == 3
    assert (launch.folder(run.pk) / "checkpoint.pt").read_bytes() == b"weights"


def test_twice_is_once_and_what_is_new_is_added(folder: RunDir, alice: User, bob: User) -> None:
    run = importing.import_dir(alice, folder.path)
    assert (run.status, run.reason) == ("lost", importing.UNTOLD)
    end(folder)
    for _ in range(2):
        again = importing.import_dir(bob, folder.path)
        assert (again.pk, again.owner, again.status, again.seq) == (run.pk, alice, "finished", 6)
    assert series(run) == [0.1, 0.2, 0.3]
    assert Run.objects.count() == 1


def test_a_folder_of_ours_keeps_its_id(folder: RunDir, alice: User) -> None:
    run = importing.import_dir(alice, folder.path)
    Run.objects.all().delete()
    assert importing.import_dir(alice, launch.folder(run.pk)).pk == run.pk


def test_what_was_resumed_here_is_not_set_back(folder: RunDir, alice: User) -> None:
    run = importing.import_dir(alice, folder.path)
    end(RunDir(launch.folder(run.pk)))
    assert importing.import_dir(alice, folder.path).status == "finished"


def test_an_active_run_is_left_alone(folder: RunDir, alice: User) -> None:
    end(folder)
    run = importing.import_dir(alice, folder.path)
    Run.objects.update(status="stopped")
    run.refresh_from_db()
    services.resume(alice, run)
    with pytest.raises(NotImported, match="queued here: stop it first"):
        importing.import_dir(alice, folder.path)


def test_what_is_no_run_folder_is_refused_with_the_cause(folder: RunDir, alice: User, tmp_path: Path) -> None:
    with pytest.raises(NotImported, match=r"no config\.json"):
        importing.import_dir(alice, tmp_path)
    folder.config.write_text(json.dumps({"seed": -1}))
    with pytest.raises(CommandError, match="seed"):
        call_command("import_run", str(folder.path))
    folder.events.write_bytes(b"")
    with pytest.raises(NotImported, match="no event yet"):
        importing.import_dir(alice, folder.path)


def test_the_command(folder: RunDir, alice: User, dora: User, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("import_run", str(folder.path))
    run = Run.objects.get()
    assert run.owner == dora
    assert capsys.readouterr().out == f"{run.pk} by hand: lost, 4 events\n"
    with pytest.raises(CommandError, match="No active member is called eve"):
        call_command("import_run", str(folder.path), "--user", "eve")

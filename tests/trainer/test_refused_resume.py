"""Whoever refuses writes nothing: a folder that holds a run keeps every byte, whatever a trainer refuses it for."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.trainer import tiny
from tests.trainer.datafiles import npz_bytes
from trainer import claim, running
from trainer.cli import main
from trainer.errors import Stopped
from trainer.rundir import RunDir


def run(out: Path, *more: str) -> int:
    return main(["run", "--out", str(out), *more])


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A data set of one's own, and folders of a run on it: stopped at step 5, and finished."""
    root = tmp_path_factory.mktemp("runs")
    data = root / "data"
    data.mkdir()
    (data / "own.npz").write_bytes(npz_bytes())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FFWEB_DATASETS", str(data))
        config = tiny.config({"data.name": "npz:own", "data.train_size": None, "data.test_size": None})
        tiny.train(config, root / "finished")
        with pytest.raises(Stopped):
            tiny.train(config, root / "stopped", tiny.StopAt(root / "stopped", 5))
    return root


@pytest.fixture(params=["stopped", "finished"])
def folder(made, tmp_path, monkeypatch, request):
    """One of the two, to be spoilt."""
    shutil.copytree(made, tmp_path / "runs", symlinks=True)
    monkeypatch.setenv("FFWEB_DATASETS", str(tmp_path / "runs" / "data"))
    return tmp_path / "runs" / request.param


def snapshot(folder: Path) -> dict[str, bytes | None]:
    """Every path in the folder with its bytes."""
    return {str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


CHANGES = [
    "schedule.epochs=99", "seed=1", "data.name=digits", "architecture.hidden=[8,8]", "optimiser.kind=sgd",
    "objective.kind=threshold", "nonsense=1", "seed=-1", "data.name=npz:gone", "name=", "seed",
    "architecture.hidden=[65000,65000,65000]",
]  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_that_is_refused_leaves_the_folder_as_it_was(folder, change, capsys):
    before = snapshot(folder)
    assert run(folder, "--resume", "--set", change) == 2
    assert capsys.readouterr().err
    assert snapshot(folder) == before


def test_what_would_work_is_said(folder, capsys):
    run(folder, "--resume", "--set", "schedule.epochs=99")
    said = capsys.readouterr().err
    assert "schedule.epochs 3, not 99" in said
    assert "leave the changes out" in said


@pytest.mark.parametrize("more", [[], ["--resume", "--preset", "nonsense"], ["--resume", "--config", "/nowhere.json"]])
def test_wrong_usage_leaves_the_folder_as_it_was(folder, more):
    before = snapshot(folder)
    assert run(folder, *more) == 2
    assert snapshot(folder) == before


def no_data(folder: Path) -> None:
    (folder.parent / "data" / "own.npz").unlink()


def broken_data(folder: Path) -> None:
    (folder.parent / "data" / "own.npz").write_bytes(b"no zip")


def narrower_data(folder: Path) -> None:
    x, y = np.zeros((40, 5, 5), np.uint8), np.arange(40) % 4
    np.savez(folder.parent / "data" / "own.npz", x_train=x, y_train=y, x_test=x, y_test=y)


def broken_checkpoint(folder: Path) -> None:
    (folder / "checkpoint.pt").write_bytes(b"broken")


def torn_checkpoint(folder: Path) -> None:
    path = folder / "checkpoint.pt"
    path.write_bytes(path.read_bytes()[:-100])


def older_checkpoint(folder: Path) -> None:
    torch.save({"version": 1}, folder / "checkpoint.pt")


def hollow_checkpoint(folder: Path) -> None:
    state = tiny.state(folder)
    torch.save({"version": state["version"], "config": state["config"], "threads": 1}, folder / "checkpoint.pt")


def altered(change):
    """A checkpoint that was read, changed and written again."""

    def spoil(folder: Path) -> None:
        state = tiny.state(folder)
        change(state)
        torch.save(state, folder / "checkpoint.pt")

    return spoil


def altered_alone(change):
    """The same where nothing bears witness to what it was."""

    def spoil(folder: Path) -> None:
        altered(change)(folder)
        (folder / "checkpoint.json").unlink()

    return spoil


def other_weights(state) -> None:
    state["layers"][0]["flat"] += 1


def one_weight(state) -> None:
    state["layers"][0]["flat"] = torch.ones(1)


def exact_weights(state) -> None:
    state["layers"][0]["flat"] = state["layers"][0]["flat"].double()


def no_weights(state) -> None:
    state["layers"][0]["flat"] = None


def step_below_zero(state) -> None:
    state["counters"]["step"] = -3


def step_beyond_the_end(state) -> None:
    state["counters"]["step"] = 10**6


def step_of_text(state) -> None:
    state["counters"]["step"] = "5"


def seconds_below_zero(state) -> None:
    state["counters"]["train_seconds"] = -1.0


def no_number_of_images(state) -> None:
    state["counters"]["images"] = float("nan")


def bit_of_checkpoint(folder: Path) -> None:
    path = folder / "checkpoint.pt"
    body = bytearray(path.read_bytes())
    body[body.index(tiny.weights(tiny.state(folder))[0].numpy().tobytes()[:64])] ^= 1
    path.write_bytes(body)


def events_emptied(folder: Path) -> None:
    (folder / "events.jsonl").write_bytes(b"")


def events_gone(folder: Path) -> None:
    (folder / "events.jsonl").unlink()


def no_json(folder: Path) -> None:
    (folder / "config.json").write_bytes(b"{")


def later_config(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_bytes())
    (folder / "config.json").write_text(json.dumps(config | {"version": 2}))


def no_events_file(folder: Path) -> None:
    (folder / "events.jsonl").write_bytes(b"something else\n")


def pipe_for_events(folder: Path) -> None:
    (folder / "events.jsonl").unlink()
    os.mkfifo(folder / "events.jsonl")


def folder_for_config(folder: Path) -> None:
    (folder / "config.json").unlink()
    (folder / "config.json").mkdir()


def file_for_figures(folder: Path) -> None:
    shutil.rmtree(folder / "figures")
    (folder / "figures").write_bytes(b"")


SPOILT = [
    no_data, broken_data, narrower_data, broken_checkpoint, torn_checkpoint, older_checkpoint, hollow_checkpoint,
    no_json, later_config, no_events_file, pipe_for_events, folder_for_config, file_for_figures,
    altered(other_weights), altered(step_below_zero), bit_of_checkpoint, events_emptied, events_gone,
    *map(altered_alone, (
        one_weight, exact_weights, no_weights, step_below_zero, step_beyond_the_end, step_of_text, seconds_below_zero,
        no_number_of_images,
    )),
]  # fmt: skip


@pytest.mark.parametrize("spoil", SPOILT)
def test_a_folder_that_cannot_go_on_is_left_as_it_was(folder, spoil, capsys):
    spoil(folder)
    before = snapshot(folder)
    finished = folder.name == "finished" and (folder / "events.jsonl").exists()  # asks for no data any more
    assert run(folder, "--resume") in ((0, 2, 3) if finished else (2, 3))
    assert "Traceback" not in capsys.readouterr().err
    assert snapshot(folder) == before


def fails(error: BaseException):
    def failing(*args: object, **kwargs: object) -> None:
        raise error

    return failing


def interrupts(number: int):
    def interrupting(*args: object, **kwargs: object):
        os.kill(os.getpid(), number)
        return REALLY["load"](*args, **kwargs)

    return interrupting


REALLY = {"load": running.load}
FAULTS = [
    pytest.param("load", fails(MemoryError()), 5, id="memory"),
    pytest.param("load", fails(OSError(errno.EIO, "broken", "x.npz")), 5, id="disk"),
    pytest.param("load", fails(ZeroDivisionError()), 1, id="defect"),
    pytest.param("load", interrupts(signal.SIGTERM), 130, id="SIGTERM"),
    pytest.param("load", interrupts(signal.SIGINT), 130, id="SIGINT"),
    pytest.param("Session", fails(RuntimeError("can't allocate memory")), 5, id="net"),
]


@pytest.mark.parametrize(("name", "instead", "status"), FAULTS)
def test_a_start_that_fails_leaves_the_folder_as_it_was(made, tmp_path, monkeypatch, name, instead, status):
    folder = tmp_path / "stopped"
    shutil.copytree(made / "stopped", folder)
    monkeypatch.setenv("FFWEB_DATASETS", str(made / "data"))
    (folder / "stop").touch()  # meant for the trainer before
    monkeypatch.setattr(running, name, instead)
    before = snapshot(folder)
    assert run(folder, "--resume") == status
    assert snapshot(folder) == before


def test_a_disk_that_takes_nothing_is_named(folder, monkeypatch, capsys):
    really, before = os.open, snapshot(folder)

    def read_only(path, flags, *args, **kwargs):
        if flags & (os.O_RDWR | os.O_WRONLY):
            raise OSError(errno.EROFS, "Read-only file system", str(path))
        return really(path, flags, *args, **kwargs)

    monkeypatch.setattr(os, "open", read_only)
    assert run(folder, "--resume") == 5
    assert "the disk is read-only" in capsys.readouterr().err
    assert snapshot(folder) == before


def test_a_folder_in_use_is_left_to_the_trainer_that_has_it(folder, capsys):
    before = snapshot(folder)
    with claim.held(RunDir(folder)):
        assert run(folder, "--resume") == 2
    assert "another trainer is at work" in capsys.readouterr().err
    assert snapshot(folder) == before


def test_a_device_that_is_not_there_leaves_a_stopped_run_as_it_was(made, tmp_path):
    shutil.copytree(made / "stopped", tmp_path / "x")
    before = snapshot(tmp_path / "x")
    assert run(tmp_path / "x", "--resume", "--set", "device=cuda:99") == 2
    assert snapshot(tmp_path / "x") == before


def test_after_a_refusal_the_run_goes_on_to_its_end(folder):
    run(folder, "--resume", "--set", "schedule.epochs=99")
    assert run(folder, "--resume") == 0
    assert tiny.events(folder, "end")[-1]["status"] == "finished"
    assert json.loads((folder / "config.json").read_bytes())["schedule"]["epochs"] == 3


def test_a_finished_run_has_nothing_left_to_do(made, tmp_path, capsys):
    shutil.copytree(made / "finished", tmp_path / "x")
    before = snapshot(tmp_path / "x")
    assert run(tmp_path / "x", "--resume") == 0
    assert "is finished" in capsys.readouterr().out
    assert snapshot(tmp_path / "x") == before


def test_what_may_change_is_stored_when_the_run_goes_on(made, tmp_path, monkeypatch):
    shutil.copytree(made / "stopped", tmp_path / "x")
    monkeypatch.setenv("FFWEB_DATASETS", str(made / "data"))
    (tmp_path / "x" / "stop").touch()
    assert run(tmp_path / "x", "--resume", "--set", "name=renamed") == 0
    assert json.loads((tmp_path / "x" / "config.json").read_bytes())["name"] == "renamed"
    assert not (tmp_path / "x" / "stop").exists()

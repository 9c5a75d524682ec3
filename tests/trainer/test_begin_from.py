"""More epochs are a new run that begins with the checkpoint of the one before, and ends as one that never ended."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.trainer import tiny
from tests.trainer.datafiles import npz_bytes
from tests.trainer.test_refused_resume import snapshot
from trainer.cli import main
from trainer.errors import Stopped


@pytest.fixture(scope="module")
def short(tmp_path_factory):
    """A finished run of three epochs."""
    out = tmp_path_factory.mktemp("short") / "run"
    tiny.train(tiny.config({"regulariser.dropout": 0.1}), out)
    return out


def begin(short: Path, out: Path, *changes: str) -> int:
    return main(["run", "--from", str(short), *(f"--set={change}" for change in changes), "--out", str(out)])


def test_from_a_run_that_was_stopped_it_ends_with_the_bits_of_one_that_never_was(tmp_path):
    config = {"regulariser.dropout": 0.1}
    with pytest.raises(Stopped):
        tiny.train(tiny.config(config), tmp_path / "stopped", tiny.StopAt(tmp_path / "stopped", 5))
    before = snapshot(tmp_path / "stopped")
    assert begin(tmp_path / "stopped", tmp_path / "long", "schedule.epochs=5") == 0
    whole = tiny.train(tiny.config({**config, "schedule.epochs": 5}), tmp_path / "whole")
    assert tiny.same(whole, tiny.state(tmp_path / "long"))
    assert snapshot(tmp_path / "stopped") == before


def test_from_a_run_that_has_ended_it_trains_the_rest(short, tmp_path, capsys):
    before = snapshot(short)
    assert begin(short, tmp_path / "long", "schedule.epochs=5") == 0
    assert "its optimiser starts afresh" in capsys.readouterr().out
    steps = [point[0] for point in tiny.points(tmp_path / "long")]
    assert (min(steps) > 12, max(steps)) == (True, 20)
    assert tiny.events(tmp_path / "long", "start")[0]["resumed_from"] == 12
    assert json.loads((tmp_path / "long" / "result.json").read_bytes())["steps"] == 20
    assert not tiny.same(tiny.state(short), tiny.state(tmp_path / "long"))
    assert snapshot(short) == before


def test_over_other_data_no_folder_is_made(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("FFWEB_DATASETS", str(tmp_path / "data"))
    (tmp_path / "data").mkdir()
    file = tmp_path / "data" / "own.npz"
    file.write_bytes(npz_bytes())
    config = tiny.config({"data.name": "npz:own", "data.train_size": None, "data.test_size": None})
    tiny.train(config, tmp_path / "short")
    x, y = np.zeros((40, 5, 5), np.uint8), np.arange(40) % 4
    np.savez(file, x_train=x, y_train=y, x_test=x, y_test=y)
    assert begin(tmp_path / "short", tmp_path / "long", "schedule.epochs=5") == 2
    assert "put the old file back" in capsys.readouterr().err
    file.unlink()
    assert begin(tmp_path / "short", tmp_path / "long", "schedule.epochs=5") in (2, 3)
    assert not (tmp_path / "long").exists()


def test_once_begun_it_depends_on_no_other_folder(short, tmp_path, monkeypatch):
    def stopped(session):
        raise Stopped("stopped by the test")

    with monkeypatch.context() as patch:
        patch.setattr("trainer.running.train", stopped)
        assert begin(short, tmp_path / "long", "schedule.epochs=5") == 130
    assert tiny.same(tiny.state(short), tiny.state(tmp_path / "long"))
    assert main(["run", "--resume", "--out", str(tmp_path / "long")]) == 0
    assert tiny.state(tmp_path / "long")["counters"]["step"] == 20


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ([], "more than the 3"),
        (["schedule.epochs=3"], "more than the 3"),
        (["schedule.epochs=5", "architecture.hidden=[8,8]"], "architecture.hidden is not as in"),
        (["schedule.epochs=5", "seed=1", "data.train_size=100"], "data.train_size, seed are not as in"),
        (["schedule.kind=greedy", "schedule.epochs=5"], "schedule.kind is not as in"),
    ],
)
def test_what_is_of_another_net_or_no_longer_is_refused(short, tmp_path, capsys, changes, words):
    before = snapshot(short)
    assert begin(short, tmp_path / "x", *changes) == 2
    assert words in capsys.readouterr().err
    assert snapshot(short) == before
    assert not (tmp_path / "x").exists()


def test_a_folder_without_a_checkpoint_is_refused(short, tmp_path, capsys):
    tmp_path.joinpath("config.json").write_bytes((short / "config.json").read_bytes())
    assert begin(tmp_path, tmp_path / "x", "schedule.epochs=5") == 2
    assert "holds no checkpoint" in capsys.readouterr().err


def test_a_refused_resume_names_the_way(short, capsys):
    assert main(["run", "--resume", "--set=schedule.epochs=5", "--out", str(short)]) == 2
    assert f"--from {short}" in capsys.readouterr().err

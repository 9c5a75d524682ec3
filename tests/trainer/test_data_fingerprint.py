"""A run goes on with the data that it began with, or not at all."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from datafiles import npz_bytes, pictures, write_raw

from tests.trainer import tiny
from trainer import cli
from trainer.data import catalogue, fingerprint
from trainer.errors import ConfigError, Stopped
from trainer.rundir import RunDir

X, Y, XT, YT = pictures()
CHANGES = {"data.name": "npz:S", "data.train_size": 100, "data.test_size": 40}


@pytest.fixture
def folder(own_folder):
    return own_folder


@pytest.fixture
def stopped(folder, tmp_path):
    """A run over npz:S that was stopped; its folder."""
    (folder / "S.npz").write_bytes(npz_bytes())
    out = tmp_path / "run"
    with pytest.raises(Stopped):
        tiny.train(tiny.config(CHANGES), out, tiny.StopAt(out, 6))
    return out


def resume(out: Path) -> int:
    return cli.main(["run", "--resume", "--out", str(out)])


def contents(out: Path) -> dict[str, tuple[bytes, int]]:
    return {str(p): (p.read_bytes(), p.stat().st_mtime_ns) for p in out.rglob("*") if p.is_file()}


def swapped_labels() -> np.ndarray:
    changed = Y.copy()
    changed[:2] = changed[1::-1]
    return changed


OTHER = {
    "more classes": (
        {"y_train": np.arange(200) % 26, "y_test": np.arange(50) % 26},
        "npz:S had 10 classes and 250 images when this run began, now 26 classes and 250 images",
    ),
    "more images": (
        {"x_train": np.concatenate([X, X]), "y_train": np.concatenate([Y, Y])},
        "npz:S had 10 classes and 250 images when this run began, now 10 classes and 450 images",
    ),
    "other pixels": ({"x_train": X ^ 1}, "10 classes and 250 images ("),
    "two labels": ({"y_train": swapped_labels()}, "10 classes and 250 images ("),
    "another form": ({"x_train": X.reshape(200, 14, 56, 1), "x_test": XT.reshape(50, 14, 56, 1)}, "of 14 × 56 × 1"),
}


@pytest.mark.parametrize("case", OTHER)
def test_a_resume_over_other_data_is_refused_and_writes_nothing(folder, stopped, capsys, case):
    changes, sentence = OTHER[case]
    (folder / "S.npz").write_bytes(npz_bytes(**changes))
    before = contents(stopped)
    assert resume(stopped) == 2
    said = capsys.readouterr().err
    assert sentence in said
    assert "put the old file back, or start a new run" in said
    assert contents(stopped) == before
    (folder / "S.npz").write_bytes(npz_bytes())
    assert resume(stopped) == 0


def test_the_same_data_written_anew_or_from_another_folder_go_on(folder, stopped, tmp_path, monkeypatch):
    (folder / "S.npz").unlink()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    parts = dict(zip(("y_test", "x_test", "y_train", "x_train"), (YT, XT, Y, X), strict=True))
    np.savez_compressed(elsewhere / "S.npz", **parts, more=np.zeros(3))
    monkeypatch.setenv("FFWEB_DATASETS", str(elsewhere))
    assert resume(stopped) == 0


def test_data_that_change_while_they_are_read_are_refused(folder, stopped, monkeypatch):
    """Asked before and after: between the two a file may be replaced."""
    real = fingerprint.ask
    body = npz_bytes(x_train=X ^ 1)
    monkeypatch.setattr(fingerprint, "ask", lambda *args: (real(*args), (folder / "S.npz").write_bytes(body)))
    assert resume(stopped) == 2


def test_what_a_run_keeps_says_what_it_was_trained_on(folder, stopped):
    assert resume(stopped) == 0
    run = RunDir(stopped)
    found = fingerprint.of("npz:S")
    assert found == {"name": "npz:S", "shape": [28, 28, 1], "classes": 10, "train": 200, "test": 50} | {
        "content": found["content"]
    }
    assert found["content"].startswith("crc:")
    for path in (run.env, run.result, run.checkpoint_meta):
        assert json.loads(path.read_bytes())["data"] == found
    assert tiny.state(stopped)["data"] == found
    assert tiny.events(stopped, "start")[0]["environment"]["data"] == found


def test_a_checkpoint_of_old_goes_on_with_a_word(folder, stopped):
    run = RunDir(stopped)
    state = tiny.state(stopped)
    del state["data"], state["saved"]
    torch.save(state, run.checkpoint)
    about = json.loads(run.checkpoint_meta.read_bytes())
    run.checkpoint_meta.write_text(json.dumps({k: v for k, v in about.items() if k not in ("data", "environment")}))
    assert resume(stopped) == 0
    assert any("does not say which data it began with" in log["text"] for log in tiny.events(stopped, "log"))


@pytest.mark.parametrize("name", [info.name for info in catalogue.listing([]) if info.local])
def test_sets_of_the_catalogue_are_the_same_every_time(name):
    assert fingerprint.of(name) == fingerprint.of(name)
    assert fingerprint.changed(fingerprint.of(name), fingerprint.of(name)) == ""


def test_one_set_under_another_s_name_is_told_apart_without_reading_it(folder):
    """Fashion-MNIST's files in the place of MNIST's have the same sizes."""
    raw = write_raw(folder)
    before = fingerprint.of("mnist")
    assert before["content"].startswith("files:")
    labels = raw / "train-labels-idx1-ubyte"
    labels.write_bytes(labels.read_bytes()[:-1] + b"\x05")
    assert fingerprint.differ(before, fingerprint.of("mnist"))


def test_one_set_in_another_form_goes_on(folder):
    """Digests that were made in different ways are not compared; numbers are."""
    before = fingerprint.of("mnist")
    write_raw(folder)
    now = fingerprint.of("mnist") | {"train": 60_000, "test": 10_000}
    assert not fingerprint.differ(before, now)
    assert fingerprint.differ(before, now | {"train": 200})


HUGE = {"name": "npz:S", "content": "", "shape": [1], "classes": 1 << 70, "train": 1, "test": 1}


@pytest.mark.parametrize("stored", [None, 1, [], {}, {"shape": 3}, {"name": "npz:S", "shape": ["x"]}, HUGE])
def test_what_is_no_fingerprint_is_none(stored):
    assert fingerprint.read(stored) is None
    fingerprint.compare(stored, fingerprint.of("digits"))


def test_a_text_that_changed_is_another_whatever_the_window(folder):
    mice = "\n\n".join(f"the mice met the cat and they all ran away, {n * 'so '}" for n in range(40))
    (folder / "own.txt").write_text(mice)
    before = fingerprint.of("text:own")
    assert before["shape"] == [30]
    (folder / "own.txt").write_text(mice.replace("cat", "dog"))
    with pytest.raises(ConfigError, match=r"30 classes and [\d,]+ windows \(\w{8}\) when this run began, now 30"):
        fingerprint.compare(before, fingerprint.of("text:own"))

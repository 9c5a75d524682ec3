"""The command line at its doors: exit statuses, sentences, the run folder and its events."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys

import jsonschema
import pytest
import torch

from tests.trainer import tiny
from tests.waiting import PATIENCE
from trainer import result, running
from trainer.cli import main
from trainer.config import schema
from trainer.errors import Stopped
from trainer.metrics import METRICS, metric
from trainer.presets import PRESETS

FEW = [f"--set={path}={json.dumps(value)}" for path, value in tiny.TINY.items()]


def run(out, *more):
    return main(["run", "--preset", "ff-digits", *FEW, "--out", str(out), *more])


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A run folder that is complete."""
    out = tmp_path_factory.mktemp("runs") / "done"
    assert run(out, "--set=data.valid_size=30") == 0
    return out


def test_a_run_leaves_what_the_doors_promise(finished):
    names = {path.relative_to(finished).as_posix() for path in finished.rglob("*") if path.is_file()}
    figures = {f"figures/{name}.json" for name in ("confusion", "mistakes", "separation-1", "separation-2")}
    assert names == {
        "config.json", "env.json", "events.jsonl", "checkpoint.pt", "checkpoint.json", "result.json", *figures,
    }  # fmt: skip
    jsonschema.validate(json.loads((finished / "config.json").read_bytes()), schema())


def test_events_come_in_order_and_end_with_the_result(finished):
    found = tiny.events(finished)
    assert [event["seq"] for event in found] == list(range(1, len(found) + 1))
    kinds = [event["kind"] for event in found]
    assert kinds[-2:] == ["result", "end"]
    assert set(kinds) == {"start", "metrics", "progress", "log", "figure", "checkpoint", "result", "end"}
    first = tiny.events(finished, "metrics")[0]
    assert first["step"] == 1
    for event in tiny.events(finished, "metrics"):
        assert all(metric(name) for name in event["values"])
        assert event["images"] == min(event["step"] * 50, 600)


def series_of_layer_2(entry):
    """The name of a layer's metric, for the second one; empty of any other."""
    return entry.name.replace("{layer}", "2") if "{layer}" in entry.name else ""


def test_every_metric_that_applies_is_measured_and_no_other(finished):
    names = {name for event in tiny.events(finished, "metrics") for name in event["values"]}
    layer = {name for name in map(series_of_layer_2, METRICS) if name} - {
        "layers/2/probe_accuracy"
    }  # there is no probe
    assert {name for name in names if name.startswith("layers/2/")} == layer
    assert {"train/loss", "train/accuracy", "test/accuracy", "valid/accuracy", "learning_rate", "memory/rss",
            "time/e2e", "speed/images_per_second", "time/step", "time/data", "time/forward", "time/update",
            "time/evaluate", "time/log", "time/compute", "time/epoch_compute"} <= names  # fmt: skip
    assert not {"memory/cuda", "time/download", "gpu/power", "test/perplexity"} & names


def test_the_result_says_it_all(finished):
    result = json.loads((finished / "result.json").read_bytes())
    assert result["status"] == "finished"
    assert (result["epochs"], result["steps"], result["images"]) == (3, 12, 600)
    assert sum(map(sum, result["confusion"])) == 60
    right = sum(row[label] for label, row in enumerate(result["confusion"]))
    assert result["test_accuracy"] == pytest.approx(right / 60)
    assert [layer["name"] for layer in result["per_layer"]] == ["64 → 16", "16 → 12"]
    assert len(result["per_epoch"]) == 3
    assert result["metrics"]["test/accuracy"]["best"] >= result["metrics"]["test/accuracy"]["last"]
    assert result["metrics"]["learning_rate"]["best"] is None
    assert sum(layer["time_e2e"] for layer in result["per_layer"]) == pytest.approx(
        sum(epoch["e2e_seconds"] for epoch in result["per_epoch"])
    )
    assert result["peak"]["rss"] > 0
    assert result["peak"]["cuda"] is None
    assert 0 <= result["peak"]["rise"] < result["peak"]["rss"]  # so small a net may find all it needs on the heap
    assert result["checkpoint"]["bytes"] == (finished / "checkpoint.pt").stat().st_size


def test_the_result_judges_the_training_images_it_is_asked_to(tmp_path, monkeypatch):
    seen = []
    judge = result.judge_images
    monkeypatch.setattr(
        result, "judge_images", lambda run, x, *more, **how: seen.append(len(x)) or judge(run, x, *more, **how)
    )
    for at_end in ("all", "sample"):
        tiny.train(tiny.config({"evaluate.at_end": at_end}), tmp_path / at_end)
    assert seen == [tiny.TINY["data.train_size"], tiny.TINY["evaluate.train_images"]]


def test_equal_seeds_give_equal_runs_and_others_do_not(tmp_path, finished):
    same = ["--set=data.valid_size=30"]
    assert run(tmp_path / "again", *same) == run(tmp_path / "other", *same, "--set=seed=1") == 0
    assert tiny.points(tmp_path / "again") == tiny.points(finished)
    assert tiny.points(tmp_path / "other") != tiny.points(finished)


def test_a_refused_config_says_one_line_a_field_and_leaves_nothing_behind(tmp_path, capsys):
    status = run(tmp_path / "x", "--set=optimiser.lr=-1", "--set=objective.theta=1", "--set=data.nam=mnist")
    assert status == 2
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(":")[0] for line in lines] == ["data.nam", "objective.theta", "optimiser.lr"]
    assert "did you mean name?" in lines[0]
    assert not (tmp_path / "x").exists()


def test_a_refused_config_in_a_workers_folder_ends_the_events(tmp_path):
    (tmp_path / "config.json").write_text('{"objective": {"kind": "nonsense"}}')
    assert main(["run", "--config", str(tmp_path / "config.json"), "--out", str(tmp_path)]) == 2
    (end,) = tiny.events(tmp_path)
    assert (end["kind"], end["status"], end["field"]) == ("end", "failed", "objective.kind")
    assert "swish_symba" in end["reason"]


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        (["--preset", "nonsense"], "preset"),
        (["--config", "/nowhere.json"], "config"),
        (["--set", "seed"], "set"),
        (["--set", "seed.deep=1"], "seed.deep"),
        (["--preset", "ff-digits", "--set", "data.name=nonsense"], "data.name"),
        (["--preset", "ff-digits", "--set", "device=cuda:99"], "device"),
        (["--preset", "ff-digits", "--set", "data.train_size=99999"], "data.train_size"),
        (["--preset", "ff-digits", "--set", "architecture.hidden=[65000,65000,65000]"], "architecture.hidden"),
        ([], "preset"),
    ],
)
def test_wrong_usage_names_the_field(tmp_path, capsys, arguments, field):
    assert main(["run", *arguments, "--out", str(tmp_path / "x")]) == 2
    assert capsys.readouterr().err.startswith(f"{field}: ")


def test_a_folder_is_not_used_twice(finished, capsys):
    assert run(finished) == 2
    assert "--resume" in capsys.readouterr().err


def test_a_run_that_diverges_says_where(tmp_path, capsys):
    wild = ("optimiser.kind=sgd", "optimiser.lr=1000", "regulariser.peer=1000", "metrics.every_steps=5")
    status = run(tmp_path, *(f"--set={change}" for change in wild))
    assert status == 4
    end = tiny.events(tmp_path, "end")[0]
    assert end["status"] == "diverged"
    assert end["field"] == "optimiser.lr"
    assert "step 4" in end["reason"]
    assert "layer 1" in end["reason"]
    last = tiny.events(tmp_path, "metrics")[-1]
    assert last["values"]["layers/1/loss"] is None
    assert last["nonfinite"]["layers/1/loss"] in ("nan", "inf")
    assert end["reason"] in capsys.readouterr().err


def test_a_corrupt_data_file_is_status_3(tmp_path, monkeypatch):
    (tmp_path / "broken.npz").write_bytes(b"no zip")
    monkeypatch.setenv("FFWEB_DATASETS", str(tmp_path))
    assert run(tmp_path / "x", "--set=data.name=npz:broken") == 3
    assert "broken" in tiny.events(tmp_path / "x", "end")[0]["reason"]


def test_out_of_memory_is_status_5(tmp_path, monkeypatch):
    monkeypatch.setattr(running, "train", lambda session: torch.empty(1 << 50))
    assert run(tmp_path) == 5
    assert "out of memory" in tiny.events(tmp_path, "end")[0]["reason"]


@pytest.mark.slow
def test_a_full_disk_is_status_5_and_keeps_the_checkpoint_before(tmp_path):
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))"
    code = f"{limit}; from trainer.cli import main; raise SystemExit(main({['run', '--preset', 'ff-digits', *FEW]!r}"
    more = [
        "--set=schedule.epochs=1000",
        "--set=evaluate.every_epochs=100",
        "--set=checkpoint.every_seconds=0",
        "--out",
        str(tmp_path / "x"),
    ]
    done = subprocess.run(
        [sys.executable, "-c", f"{code} + {more!r}))"], capture_output=True, timeout=PATIENCE, check=False
    )
    assert done.returncode == 5
    assert b"disk is full" in done.stderr
    assert tiny.state(tmp_path / "x")["counters"]["step"] > 0


@pytest.mark.parametrize("writes", [*range(12), 20])
@pytest.mark.parametrize("resume", [False, True])
def test_a_disk_that_fills_at_any_write_is_named(tmp_path, monkeypatch, capsys, writes, resume):
    if resume:
        with pytest.raises(Stopped):
            tiny.train(tiny.config(), tmp_path / "x", tiny.StopAt(tmp_path / "x", 3))
    left, pwrite, fsync = [writes], os.pwrite, os.fsync

    def filling(really):
        def write(*args):
            left[0] -= 1
            if left[0] < 0:
                raise OSError(errno.ENOSPC, "No space left on device")
            return really(*args)

        return write

    monkeypatch.setattr(os, "pwrite", filling(pwrite))
    monkeypatch.setattr(os, "fsync", filling(fsync))
    assert run(tmp_path / "x", *(["--resume"] if resume else [])) == 5
    said = capsys.readouterr().err
    assert "the disk is full" in said
    assert str(tmp_path / "x") in said
    assert not list(tmp_path.rglob("*.part"))


@pytest.mark.slow
def test_a_console_that_takes_no_more_ends_no_run(tmp_path):
    command = [sys.executable, "-m", "trainer", "run", "--preset", "ff-digits", *FEW, "--out", str(tmp_path / "x")]
    with open("/dev/full", "w") as full:
        assert subprocess.run(command, stdout=full, stderr=full, timeout=PATIENCE, check=False).returncode == 0
    assert tiny.events(tmp_path / "x", "end")[0]["status"] == "finished"


def test_presets_and_schema_are_printed(capsys):
    assert main(["presets", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [entry["name"] for entry in listed] == list(PRESETS)
    assert main(["presets"]) == main(["schema"]) == main(["data", "list"]) == 0
    listed = capsys.readouterr().out
    assert "published 93.16" in listed
    assert "differs from the public code: The threshold loss here is twice" in listed

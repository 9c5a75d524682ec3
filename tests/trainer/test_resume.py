"""A run that was interrupted, however and whenever, ends with the same bits as one that never was."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.trainer import tiny
from tests.waiting import PATIENCE
from trainer.errors import ConfigError, DataError, Stopped
from trainer.rundir import RunDir

POINTS = [
    pytest.param({}, id="joint"),
    pytest.param({"schedule": {"kind": "greedy", "epochs": 2}, "regulariser.dropout": 0.2}, id="greedy-dropout"),
    pytest.param(
        {"competitors.kind": "hard_wrong_label", "optimiser": {"kind": "sgd", "lr": 0.05}, "regulariser.peer": 0.1},
        id="hard-sgd-peer",
    ),
    pytest.param(
        {"schedule.batch_size": 200, "schedule.epochs": 12, "competitors.fixed": True, "data.augment": "shift"},
        id="full-batch",
    ),
    pytest.param(tiny.MONO, id="mono-forward"),
    pytest.param(tiny.BACKPROP, id="backprop"),
]


@pytest.mark.parametrize("changes", POINTS)
def test_a_run_stopped_at_random_moments_ends_as_one_that_never_stopped(tmp_path, changes):
    config = tiny.config(changes)
    whole = tiny.train(config, tmp_path / "whole")
    chance = random.Random(str(changes))
    out, resume = tmp_path / "parts", False
    while True:
        try:
            parts = tiny.train(config, out, tiny.StopAt(out, chance.randrange(1, 12)), resume=resume)
            break
        except Stopped:
            resume = True
    assert resume
    assert tiny.same(whole, parts)
    assert tiny.points(tmp_path / "whole") == tiny.points(out)
    results = [json.loads((tmp_path / part / "result.json").read_bytes()) for part in ("whole", "parts")]
    for name in ("test_accuracy", "train_accuracy", "confusion", "flops", "images", "steps"):
        assert results[0][name] == results[1][name]


LONG = {"checkpoint.every_seconds": 0.05, "metrics.every_steps": 7, "evaluate.every_epochs": 20}


def start(out: Path, *more: str, epochs: int) -> subprocess.Popen[bytes]:
    path = out.with_suffix(".json")
    path.write_text(tiny.config({**LONG, "schedule.epochs": epochs}).model_dump_json())
    command = [sys.executable, "-m", "trainer", "run", "--config", str(path), "--out", str(out), *more]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.PIPE)


def wait_for(out: Path, kind: str, count: int = 1) -> None:
    """Until the run has written `count` events of that kind."""
    deadline = time.monotonic() + 60
    while not out.exists() or len(tiny.events(out, kind)) < count:
        assert time.monotonic() < deadline, "the run wrote nothing"
        time.sleep(0.01)


@pytest.mark.slow
def test_a_run_that_was_killed_goes_on_with_the_same_bits(tmp_path):
    chance = random.Random(1)
    out = tmp_path / "killed"
    killed = start(out, epochs=160)
    wait_for(out, "checkpoint")
    time.sleep(chance.random() * 0.3)  # at no particular step
    killed.send_signal(signal.SIGKILL)
    assert killed.wait(PATIENCE) == -signal.SIGKILL
    with (out / "events.jsonl").open("ab") as file:
        file.write(b'{"v":1,"seq":99')  # and its last line torn
    assert start(out, "--resume", epochs=160).wait(PATIENCE) == 0
    whole = tiny.train(tiny.config({**LONG, "schedule.epochs": 160}), tmp_path / "whole")
    assert tiny.same(whole, tiny.state(out))
    assert tiny.points(tmp_path / "whole") == tiny.points(out)
    assert [event["seq"] for event in tiny.events(out)] == list(range(1, len(tiny.events(out)) + 1))


@pytest.mark.slow
def test_sigterm_the_stop_file_and_a_lost_worker_all_end_with_a_checkpoint(tmp_path):
    def by_signal(run, out):
        run.send_signal(signal.SIGTERM)

    def by_file(run, out):
        RunDir(out).stop.touch()

    def by_pipe(run, out):
        run.stdin.close()

    asks = {"signal": by_signal, "file": by_file, "pipe": by_pipe}
    runs = {name: start(tmp_path / name, *(["--parent-pipe"] if name == "pipe" else []), epochs=10**5) for name in asks}
    for name, ask in asks.items():
        wait_for(tmp_path / name, "metrics")
        ask(runs[name], tmp_path / name)
    for name, run in runs.items():
        assert run.wait(PATIENCE) == 130
        *_, checkpoint, end = [e for e in tiny.events(tmp_path / name) if e["kind"] in ("checkpoint", "end")]
        assert end["status"] == "stopped"
        assert checkpoint["kind"] == "checkpoint"
        assert tiny.state(tmp_path / name)["counters"]["step"] == checkpoint["step"]
        assert not (tmp_path / name / "result.json").exists()


def test_a_resume_without_a_checkpoint_starts_again_and_drops_every_point(tmp_path):
    config = tiny.config()
    with pytest.raises(Stopped):
        tiny.train(config, tmp_path, tiny.StopAt(tmp_path, 3))
    os.unlink(tmp_path / "checkpoint.pt")
    tiny.train(config, tmp_path, resume=True)
    assert tiny.events(tmp_path, "start")[-1]["resumed_from"] == 0
    assert tiny.points(tmp_path)[0][0] == 1


def test_a_checkpoint_of_another_config_or_a_broken_one_is_refused(tmp_path):
    with pytest.raises(Stopped):
        tiny.train(tiny.config(), tmp_path, tiny.StopAt(tmp_path, 3))
    with pytest.raises(ConfigError, match="another config"):
        tiny.train(tiny.config({"seed": 1}), tmp_path, resume=True)
    (tmp_path / "checkpoint.pt").write_bytes(b"broken")
    with pytest.raises(DataError, match="cannot be read"):
        tiny.train(tiny.config(), tmp_path, resume=True)

"""A run that came to its end and means little says so: in its result, on the terminal and in its console."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
import torch

from tests.trainer import tiny
from trainer import remarks
from trainer.cli import main
from trainer.config import compose, parse
from trainer.data.catalogue import facts
from trainer.estimate import warnings

DEAD = {"optimiser.lr": 1.0, "objective": {"kind": "threshold", "theta": 2.0}, "schedule.epochs": 10}


def test_dead_layers_and_an_accuracy_of_chance_are_said(tmp_path, capsys):
    tiny.train(tiny.config(DEAD), tmp_path)
    result = json.loads((tmp_path / "result.json").read_bytes())
    first, *_, last = result["remarks"]
    assert first.startswith("No unit of layer")
    assert last.startswith("Accuracy is at chance: always giving the commonest answer reaches 1")
    assert first in capsys.readouterr().out
    assert first in [event["text"] for event in tiny.events(tmp_path, "log")]
    assert tiny.events(tmp_path, "result")[0]["remarks"] == result["remarks"]


def test_a_run_that_learns_is_not_remarked_on(tmp_path):
    tiny.train(tiny.config({"schedule.epochs": 40, "data.train_size": 1000}), tmp_path)
    assert json.loads((tmp_path / "result.json").read_bytes())["remarks"] == []


def test_one_epoch_is_one_epoch(tmp_path):
    tiny.train(tiny.config({"schedule.epochs": 1}), tmp_path)
    assert json.loads((tmp_path / "result.json").read_bytes())["reason"].endswith("after 1 epoch.")


class Found:
    """A judgement of which only accuracy and labels are asked."""

    def __init__(self, accuracy: float, y: list[int]) -> None:
        self.accuracy, self.y = accuracy, torch.tensor(y)


LEARNT = {"train/loss": [0.1, 0.1, 100.0]}


@pytest.mark.parametrize(
    ("accuracy", "y", "said"),
    [(0.1, [*range(10)] * 100, True), (0.3, [*range(10)] * 100, False), (0.9, [0] * 90 + [1] * 10, True),
     (0.99, [0] * 900 + [1] * 100, False), (0.5, [0, 1] * 10, True)],
)  # fmt: skip
def test_chance_is_what_the_commonest_answer_reaches(accuracy, y, said):
    found = remarks.remarks(Found(accuracy, y), LEARNT, 1, 100)  # type: ignore[arg-type]
    assert bool(found) == said


def test_every_dead_layer_is_named():
    dead = {f"layers/{n}/dead_units": [1.0, 0.2, 3.0] for n in (1, 3, 4)} | {"layers/2/dead_units": [0.9, 0.9, 1.0]}
    (text,) = remarks.remarks(Found(0.9, [0, 1] * 500), dead | LEARNT, 4, 100)  # type: ignore[arg-type]
    assert text.startswith("No unit of layers 1, 3 and 4 was active")


def test_a_loss_that_never_fell_is_said():
    (text,) = remarks.remarks(Found(0.9, [0, 1] * 500), {"train/loss": [2.0, 2.0, 1.0]}, 1, 100)  # type: ignore[arg-type]
    assert text == "The training loss was never lower than at its first step."


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"data.train_size": 10}, []),
        ({"data.train_size": 10, "data.valid_size": 0, "data.name": "npz:letters"}, ["16 classes are never trained"]),
        ({"data.test_size": 25, "data.name": "npz:letters"}, ["at least 1 class is never tested"]),
        ({"schedule.batch_size": 1}, []),
        ({"schedule.batch_size": 1, "normalisation.handover.kind": "batch"}, ["batch norm does nothing of use"]),
        ({"schedule.batch_size": 2, "normalisation.handover.kind": "batch"}, []),
        ({"data.window": 20}, ["on pictures they do nothing"]),
        ({"layers": [{"span": "1", "window": [60, 70]}]}, ["begins after the last epoch"]),
        ({"layers": [{"span": "1", "window": [1, 70]}]}, []),
    ],
)
def test_what_leaves_out_a_class_or_does_nothing_is_warned_of(changes, words, tmp_path, monkeypatch):
    x, y = np.zeros((260, 8, 8), np.uint8), np.arange(260) % 26
    np.savez(tmp_path / "letters.npz", x_train=x, y_train=y, x_test=x, y_test=y)
    monkeypatch.setenv("FFWEB_DATASETS", str(tmp_path))
    config = parse(compose("ff-digits", None, changes))
    found = [text for text in warnings(config, facts(config.data)) if not re.search("one mistake|overlaid|fewer", text)]
    assert len(found) == len(words)
    assert all(word in text for word, text in zip(words, found, strict=True))


def test_the_command_says_what_is_warned_of(tmp_path, capsys):
    few = [f"--set={path}={json.dumps(value)}" for path, value in tiny.TINY.items()]
    assert main(["run", *few, "--set=data.window=20", "--out", str(tmp_path / "x")]) == 0
    assert "on pictures they do nothing" in capsys.readouterr().out

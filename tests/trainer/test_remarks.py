"""A run that came to its end and means little says so: in its result, on the terminal and in its console."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
import torch

from tests.trainer import plainly, tiny
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
    """A judgement of which only accuracies and labels are asked."""

    def __init__(
        self, accuracy: float, y: list[int], swept: float | None = None, alone: dict[int, float] | None = None
    ) -> None:
        self.accuracy, self.y, self.sweep_accuracy, self._alone = accuracy, torch.tensor(y), swept, alone or {}

    def layer_accuracy(self) -> dict[int, float]:
        return self._alone


def layers_of(changes=None):
    """The layers of a net of three."""
    return plainly.made(changes, (8, 8, 8))[1].layers


LEARNT = {"train/loss": [0.1, 0.1, 100.0]}


@pytest.mark.parametrize(
    ("accuracy", "y", "said"),
    [(0.1, [*range(10)] * 100, True), (0.3, [*range(10)] * 100, False), (0.9, [0] * 90 + [1] * 10, True),
     (0.99, [0] * 900 + [1] * 100, False), (0.5, [0, 1] * 10, True)],
)  # fmt: skip
def test_chance_is_what_the_commonest_answer_reaches(accuracy, y, said):
    found = remarks.remarks(Found(accuracy, y), LEARNT, layers_of()[:1], 100)  # type: ignore[arg-type]
    assert bool(found) == said


def test_every_dead_layer_is_named():
    dead = {f"layers/{n}/dead_units": [1.0, 0.2, 3.0] for n in (1, 3, 4)} | {"layers/2/dead_units": [0.9, 0.9, 1.0]}
    four = [*layers_of(), *layers_of()[:1]]
    (text,) = remarks.remarks(Found(0.9, [0, 1] * 500), dead | LEARNT, four, 100)  # type: ignore[arg-type]
    assert text.startswith("No unit of layers 1, 3 and 4 was active")


def test_a_loss_that_never_fell_is_said():
    (text,) = remarks.remarks(Found(0.9, [0, 1] * 500), {"train/loss": [2.0, 2.0, 1.0]}, layers_of()[:1], 100)  # type: ignore[arg-type]
    assert text == "The training loss was never lower than at its first step."


THRESHOLD = {"objective.kind": "threshold"}
NEVER_PARTED = {f"layers/{n}/separation": [share, 0.9, 5.0] for n, share in ((1, 0.9), (2, 0.6), (3, 0.7))}
PARTED = {f"layers/{n}/separation": [0.9, 0.9, 5.0] for n in (1, 2, 3)}


def swept(found, shares, changes=THRESHOLD, reads=(1, 2)):
    """What is said of a sweep over layers 2 and 3, right in 31 %, beside a head that is right in 71 %."""
    return remarks.remarks(found, LEARNT | shares, layers_of(changes), 100, reads)


BEHIND = Found(0.71, [*range(10)] * 100, 0.31, {0: 0.58, 1: 0.22, 2: 0.31})


def test_a_sweep_far_behind_its_head_says_why_and_what_would_work():
    first, why, threshold, hard, layer = swept(BEHIND, NEVER_PARTED, {**THRESHOLD, **tiny.HARD})
    assert first.startswith("The label sweep is right in 31 % of the test, the softmax head in 71 %")
    assert "in 60 % to 70 % of the training pairs" in why
    assert "more epochs, or smaller batches" in why
    assert "Swish-SymBa" in threshold
    assert hard.startswith("Random wrong labels are easier")
    assert layer == "Layer 1, which the sweep leaves out, is right in 58 %: set layers to all."


def test_neither_a_threshold_nor_hard_labels_are_blamed_where_there_are_none():
    said = " ".join(swept(BEHIND, NEVER_PARTED, None))
    assert "More steps would work" in said
    assert "threshold" not in said
    assert "wrong labels" not in said


def test_layers_that_part_labels_are_not_said_to_be_new_to_it():
    assert len(swept(BEHIND, PARTED, reads=(0, 1, 2))) == 1


@pytest.mark.parametrize(
    "found",
    [Found(0.71, [*range(10)] * 100, 0.65), Found(0.71, [*range(10)] * 100, 0.9), Found(0.71, [*range(10)] * 100)],
)
def test_a_sweep_that_is_near_or_ahead_or_not_there_is_not_remarked_on(found):
    assert swept(found, NEVER_PARTED) == []


def test_frozen_layers_are_not_expected_to_part_labels():
    frozen = {**THRESHOLD, "layers": [{"span": "1-", "frozen": True}]}
    assert swept(BEHIND, NEVER_PARTED, frozen) == []


def test_a_short_run_in_hintons_manner_says_that_its_sweep_collapsed(tmp_path):
    """Six epochs of four steps: the head reads what is nearly random, and reads it well."""
    few = {"data.train_size": 1000, "data.test_size": 300, "schedule.batch_size": 256, "schedule.epochs": 6}
    net = {"preset": "ff-hinton-mnist", "data.name": "digits", "architecture.hidden": [100, 100, 100]}
    tiny.train(tiny.config({**net, **few}), tmp_path)
    result = json.loads((tmp_path / "result.json").read_bytes())
    assert result["remarks"][0].startswith("The label sweep is right in ")
    assert any("Under a threshold" in text for text in result["remarks"])


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
    usual = "one mistake|overlaid|an epoch is one step"
    found = [text for text in warnings(config, facts(config.data)) if not re.search(usual, text)]
    assert len(found) == len(words)
    assert all(word in text for word, text in zip(words, found, strict=True))


def test_the_command_says_what_is_warned_of(tmp_path, capsys):
    few = [f"--set={path}={json.dumps(value)}" for path, value in tiny.TINY.items()]
    assert main(["run", *few, "--set=data.window=20", "--out", str(tmp_path / "x")]) == 0
    assert "on pictures they do nothing" in capsys.readouterr().out

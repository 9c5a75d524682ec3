"""Which runs count as a preset as it stands, and which as a control: whatever changes no figure makes no difference."""

from __future__ import annotations

from typing import Any

import pytest
from persons import make_run

from ffweb.pages.methods.reached import reached
from ffweb.people.models import User
from ffweb.runs import controls, status
from trainer import config as trainer_config
from trainer.config import RunConfig
from trainer.presets import PRESETS

WATCHED = {
    "name": "mine", "device": "cpu", "threads": 3, "compile": True, "metrics.every_steps": 3,
    "evaluate.every_epochs": 2, "checkpoint.every_seconds": 9,
}  # fmt: skip
OTHERS: list[dict[str, Any]] = [
    {"evaluate.precision": "bfloat16"},
    {"optimiser.lr": 0.5},
    {"precision.kind": "bfloat16"},
]


def config(preset: str, changes: dict[str, Any] | None = None) -> RunConfig:
    return trainer_config.parse(trainer_config.compose(preset, None, changes))


def finished(owner: User, preset: str, changes: dict[str, Any]) -> str:
    result = {"metrics": {name: {"last": 0.5, "best": 1.0} for name in ("test/accuracy", "test/perplexity")}}
    stored = config(preset, changes).model_dump(mode="json")
    return make_run(owner, config=stored, preset=preset, status=status.FINISHED, result=result).pk


@pytest.mark.django_db
def test_every_preset_that_is_run_as_it_stands_counts(alice: User) -> None:
    for preset in PRESETS:
        finished(alice, preset, {})
    assert reached(alice, PRESETS.values()).keys() == PRESETS.keys()


@pytest.mark.django_db
def test_however_it_is_watched_it_counts_and_what_is_another_does_not(alice: User) -> None:
    preset = PRESETS["mono-forward-digits"]
    finished(alice, preset.name, {**WATCHED, "seed": 4})
    for changes in OTHERS:
        finished(alice, preset.name, changes)
    assert reached(alice, [preset])[preset.name].runs == 1


def test_a_control_that_was_watched_otherwise_is_there() -> None:
    run = config("ff-digits")
    assert "backprop" in controls.lacking(run.model_dump(mode="json"), [])
    for changes, lacks in ((WATCHED, False), *((change, True) for change in OTHERS), ({"seed": 1}, True)):
        there = trainer_config.compose(None, run.twin().model_dump(mode="json"), changes)
        assert ("backprop" in controls.lacking(run.model_dump(mode="json"), [there])) == lacks, changes

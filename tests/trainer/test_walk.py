"""Every pair of axis values that can stand together, two steps each: finite, and only what should move has moved."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
import torch

from tests.trainer.pairwise import Point, Walk, axes, config_of
from trainer import compatibility, estimate
from trainer.config import RunConfig
from trainer.controls import CONTROLS
from trainer.data import DataInfo, Dataset, load
from trainer.data.catalogue import family_of
from trainer.data.folders import read_folders
from trainer.data.sizes import cut_of
from trainer.errors import ConfigError
from trainer.loop import learn, open_phase
from trainer.plan import Step
from trainer.recorder import Recorder
from trainer.report import judge_test
from trainer.rundir import RunDir
from trainer.session import Session
from trainer.stopping import Stop

VALUES = axes()
STEPS = 2
IMAGES = 24


def at(**kinds: str | int) -> Point:
    """A point by its kinds, or by the number of the value."""
    return {
        axis: kind if isinstance(kind, int) else next(n for n, v in enumerate(VALUES[axis]) if v.kind == kind)
        for axis, kind in kinds.items()
    }


ROWS = at(label_code="none", competitors="classes", goodness="prototype", objective="cross_entropy", readout="sum")
ALONE = at(label_code="none", competitors="hybrid_image", readout="softmax")
MAPS = at(architecture="conv")
CHANNEL = at(label_code="channel")
VALID, TEXT = {"data": 1}, {"data": 2}
BASES: list[Point] = [
    {}, at(readout="softmax"), at(readout="probe", layers=1), at(scope="pair"),
    at(scope="pair", schedule="alternating"), at(label_code="concat", context="below", schedule="greedy"),
    ROWS, {**ROWS, **VALID, **at(readout="range")}, {**ROWS, **at(scope="whole", readout="last")},
    {**ROWS, **at(scope="block", readout="last")}, {**ROWS, **at(scope="pair", schedule="alternating")},
    {**ROWS, **MAPS}, {**ROWS, **MAPS, **at(scope="whole", readout="last")}, {**ROWS, **at(architecture="local")},
    {**ROWS, **at(architecture="transformer")}, {**MAPS, **CHANNEL}, {**MAPS, **CHANNEL, **at(scope="pair")},
    {**MAPS, **CHANNEL, **at(readout="softmax", context="others")}, {**CHANNEL, **at(architecture="transformer")},
    ALONE, {**ALONE, **MAPS}, {**ALONE, **at(architecture="recurrent")}, {**ALONE, **at(scope="pair")},
    at(architecture="recurrent", label_code="top"), at(architecture="recurrent", label_code="top", readout="softmax"),
    {**ROWS, **at(architecture="recurrent")}, {**ROWS, **at(architecture="pixels")},
    {**TEXT, **at(label_code="next", readout="softmax")}, {**TEXT, **at(label_code="next")}, {**TEXT, **ROWS},
    {**TEXT, **at(label_code="next", readout="softmax", competitors="rollout")},
]  # fmt: skip


@cache
def data_of(data: Any, seed: int) -> Dataset:
    """Few images of each kind, read once."""
    return load(data.model_copy(update={"train_size": IMAGES, "test_size": 10}), torch.device("cpu"), seed)


@cache
def info_of(data: Any) -> DataInfo:
    return family_of(data.name, read_folders(), cut_of(data))[1]


@cache
def walked() -> tuple[Walk, list[Point]]:
    """All pairs and the points that hold them, found once."""
    walk = Walk(VALUES, BASES, lambda config: info_of(config.data))
    return walk, list(walk.points())


@pytest.fixture(scope="module")
def walk() -> tuple[Walk, list[Point]]:
    return walked()


def told(point: Point) -> dict[str, Any]:
    """A point in words."""
    return {axis: VALUES[axis][n] for axis, n in point.items() if n}


def test_every_base_can_be_trained(walk):
    assert [base for base in BASES if walk[0].problems(base)] == []


def test_every_value_stands_somewhere_and_every_refusal_says_what_would_work(walk):
    refused = walk[0].refused
    cells = {(axis, n) for axis, values in VALUES.items() for n in range(len(values))}
    nowhere = {cell for cell in cells if sum(cell in pair for pair in refused) == len(cells) - len(VALUES[cell[0]])}
    assert nowhere == set()
    assert len(refused) < 0.2 * len(cells) ** 2 / 2
    for sentences in refused.values():
        assert sentences
        assert all(":" in sentence and len(sentence) > 40 for sentence in sentences)


def session_of(config: RunConfig, folder: Any) -> Session:
    place = RunDir(folder).create()
    data = data_of(config.data, config.seed)
    device = torch.device("cpu")
    return Session(config, data, folder=place, recorder=Recorder(place), stop=Stop(place), device=device)


def steps_of(run: Session) -> Iterator[Step]:
    for step in run.plan.after(0):
        if step.number <= STEPS:
            yield step


def moving(run: Session, step: Step) -> set[int]:
    """The layers (from 0) that a loss reaches in `step`, frozen ones left out."""
    found = set()
    for stage in run.stages.of(step):
        for top, reach in zip(stage.layers, stage.reach, strict=True):
            found |= set() if reach is None else set(range(stage.layers[0] + reach, top + 1))
    return {layer for layer in found if not run.net.layers[layer].rules.frozen}


def weights(run: Session) -> list[torch.Tensor]:
    return [torch.cat([value.flatten() for value in layer.w.values()] or [torch.zeros(0)]) for layer in run.net.layers]


def check(run: Session) -> None:
    """Two steps; what has no gradient stays as it was, bit for bit."""
    start, moved = weights(run), set()
    for step in steps_of(run):
        if step.opens_phase:
            open_phase(run, step)
        learn(run, step, run.batches.draw(step, run.rng))
        moved |= moving(run, step)
    for index, (before, after) in enumerate(zip(start, weights(run), strict=True)):
        assert bool(after.isfinite().all()), f"layer {index + 1} is not finite"
        changed = not torch.equal(before, after)
        assert changed == (index in moved and len(before) > 0), f"layer {index + 1} moved: {changed}"
    judgement = judge_test(run, len(run.net.layers))
    assert bool(judgement.total.isfinite().all())
    assert run.gauges.read() is not None
    assert run.gauges.first_bad() is None


def test_two_steps_at_every_pair(walk, tmp_path):
    torch.set_num_threads(1)
    wrong = []
    for number, point in enumerate(walk[1]):
        run = session_of(config_of(point, VALUES), tmp_path / str(number))
        needs = estimate.estimate(run.config, run.data.info).parameters
        try:
            assert needs == sum(layer.parameters for layer in run.net.layers)
            check(run)
        except Exception as error:  # all of them at once say more than the first
            wrong.append((repr(error), told(point)))
    assert wrong == []


def test_the_controls_of_every_point_could_be_trained(walk):
    for point in walk[1]:
        for name, control in CONTROLS.items():
            try:
                derived = control.derive(config_of(point, VALUES))
            except ConfigError:
                continue
            found = compatibility.problems(derived) or compatibility.data_problems(derived, info_of(derived.data))
            assert found == [], (name, told(point))

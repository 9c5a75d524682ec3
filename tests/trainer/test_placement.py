"""A whole step of every kind, its evaluation, checkpoint and way back, on a GPU that is only pretended."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from tests.trainer import tiny
from tests.trainer.pairwise import Point, config_of
from tests.trainer.pretended import GPU, HOST, Misplaced, pretended_gpu
from tests.trainer.test_walk import VALUES, told, walked
from trainer.data import load
from trainer.recorder import Recorder
from trainer.report import judge_test, report
from trainer.rundir import RunDir
from trainer.session import Session
from trainer.stopping import Stop

STEPS, IMAGES = 2, 24


def session(config: Any, folder: Any, device: torch.device) -> Session:
    place = RunDir(folder).create()
    data = load(config.data.model_copy(update={"train_size": IMAGES, "test_size": 10}), device, config.seed)
    recorder = Recorder(place)
    return Session(config, data, folder=place, recorder=recorder, stop=Stop(place), device=device)


def carry_out(config: Any, folder: Any, device: torch.device) -> None:
    """Two steps with their points, an evaluation, a checkpoint, and the same run from it."""
    run = session(config, folder, device)
    for step in tiny.learnt(run, STEPS):
        run.advance(step)
        report(run, step)
    judge_test(run, len(run.net.layers))
    run.save()
    again = session(config, folder, device)
    stored = torch.load(run.folder.checkpoint, map_location="cpu", weights_only=True)
    again.restore(stored, run.folder)
    assert list(tiny.learnt(again, 1)) or run.counters.step == run.plan.total


def every_value(points: list[Point]) -> list[Point]:
    """Points enough to hold each value of each axis."""
    seen: set[tuple[str, int]] = set()
    found = []
    for point in points:
        if not seen >= set(point.items()):
            found.append(point)
            seen |= set(point.items())
    return found


@pytest.fixture
def gpu(monkeypatch):
    with pretended_gpu(monkeypatch) as device:
        yield device


@pytest.mark.parametrize("kind", [GPU, torch.device("mps", 0)], ids=["cuda", "mps"])
def test_everything_of_a_step_lies_on_the_device(tmp_path, monkeypatch, kind):
    torch.set_num_threads(1)
    wrong = []
    points = every_value(walked()[1])
    with pretended_gpu(monkeypatch, kind) as device:
        for number, point in enumerate(points):
            try:
                carry_out(config_of(point, VALUES), tmp_path / str(number), device)
            except Exception as error:  # all of them at once say more than the first
                wrong.append((repr(error)[:300], told(point)))
    assert wrong == [], f"{len(wrong)} of {len(points)} points"


def test_what_is_misplaced_is_noticed(gpu):
    here, there = torch.ones(3, device=gpu), torch.ones(3)
    assert (here.device, there.device, here[1:].device, (2 * here).device) == (GPU, HOST, GPU, GPU)
    assert here.cpu().device == HOST
    assert there.to(gpu).device == GPU
    assert there.device == HOST
    assert (here * torch.tensor(2.0)).device == GPU  # a number alone may come from the host
    assert here[torch.tensor([0, 1])].device == GPU  # and indices
    for misplaced in (
        lambda: here + there,
        lambda: torch.cat([here, there]),
        lambda: there[torch.tensor([0, 1], device=gpu)],
        lambda: there * here.sum(),
        here.numpy,
        lambda: torch.randn(3, generator=torch.Generator(), device=gpu),
        lambda: here.clone().normal_(generator=torch.Generator()),
        lambda: torch.mm(here[None], there[:, None]),
    ):
        with pytest.raises(Misplaced):
            misplaced()


def test_gradients_lie_where_their_source_does(gpu):
    leaf = torch.ones(3, device=gpu, requires_grad=True)
    (leaf * 2).sum().backward()
    assert leaf.grad.device == GPU

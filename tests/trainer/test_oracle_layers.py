"""Each kind of layer with a closed form, as the walk of pairs finds them, against autograd in float64."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from tests.trainer.pairwise import config_of
from tests.trainer.test_walk import VALUES, data_of, told, walked
from trainer.loop import open_phase
from trainer.nets.layer import Layer
from trainer.recorder import Recorder
from trainer.rundir import RunDir
from trainer.session import Session
from trainer.stopping import Stop
from trainer.update import autograd, closed_form

CPU = torch.device("cpu")
LEAST = 40
"""So many kinds of layers there are at least: a walk that finds none would show nothing."""


@pytest.fixture(autouse=True)
def _float64():
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def session_of(point: dict[str, int], folder: Any) -> Session:
    """As a run begins, on images in float64."""
    config, place = config_of(point, VALUES), RunDir(folder).create()
    data = data_of(config.data, config.seed)
    exact = {name: getattr(data, name).double() for name in ("x_train", "x_valid", "x_test", "mean", "std")}
    return Session(config, replace(data, **exact), folder=place, recorder=Recorder(place), stop=Stop(place), device=CPU)


def kind_of(layer: Layer) -> str:
    """Layers with equal rules and blocks have equal gradients, whatever net they are in."""
    rules = replace(layer.rules, optimiser=None, context=None, weight_decay=0.0)  # type: ignore[arg-type]
    return f"{rules} {layer.block}"


def readings(run: Session, layer: Layer, way: Any) -> tuple[Tensor, Tensor, Tensor]:
    """(gradient, row, activity) of a layer on the run's first batch."""
    step = run.plan.step(1)
    open_phase(run, step)
    layer.wake()
    batch = run.batches.draw(step, run.rng)
    logits = torch.randn(len(batch.y), run.net.coder.classes, generator=run.rng)  # as if a head had said them
    piece = next(run.sampler.pieces(layer.rules.competitors, batch, run.rng, len(run.net.layers), logits))
    task, noise = replace(piece.task, bases={}), run.dropout.noise(layer.index, piece, step)
    said = []
    for visit in run.net.turns(range(len(run.net.layers))):
        rows, mine = piece.flow.inlet(visit), run.net.layers[visit.layer]
        if mine is layer and visit.scored:
            reading, backward = way.forward(layer, rows, task, noise)
            backward()
            said.append(reading)
        piece.flow.take(visit, mine.activity(rows, mine.rules.precision))
    return layer.buffer.grad, torch.cat([one.row for one in said]), torch.cat([one.h for one in said])


def close(found: Tensor, wanted: Tensor) -> bool:
    return float((found - wanted).abs().max()) <= 1e-8 * max(1e-6, float(wanted.abs().max()))


def test_every_layer_with_a_closed_form_has_the_gradient_that_autograd_finds(tmp_path):
    torch.set_num_threads(1)
    seen: set[str] = set()
    wrong = []
    for number, point in enumerate(walked()[1]):
        if config_of(point, VALUES).precision.kind != "float32":
            continue
        run = session_of(point, tmp_path / str(number))
        for place, layer in enumerate(run.net.layers):
            if not (layer.closed and layer.reads) or layer.rules.frozen or kind_of(layer) in seen:
                continue
            seen.add(kind_of(layer))
            try:
                pair = [session_of(point, tmp_path / f"{number}-{place}-{way}") for way in "ab"]
                found = readings(pair[0], pair[0].net.layers[place], closed_form)
                wanted = readings(pair[1], pair[1].net.layers[place], autograd)
                if not all(map(close, found, wanted)):
                    wrong.append((place, told(point)))
            except Exception as error:  # all of them at once say more than the first
                wrong.append((repr(error)[:200], told(point)))
    assert wrong == []
    assert len(seen) >= LEAST

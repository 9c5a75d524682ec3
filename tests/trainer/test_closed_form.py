"""The closed form against autograd in float64, at every combination of the axes, and against plain statements of it."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
import torch

from tests.trainer.samples import samples
from trainer.axes.activation import Relu, StudentT, Triangle
from trainer.axes.architecture import Mlp
from trainer.axes.competitors import Classes, WrongLabel
from trainer.axes.goodness import Activity, AnyGoodness, Goodness, Projection
from trainer.axes.label_code import Concat, NoCode, Overlay
from trainer.axes.normalisation import AnyNorm, NoNorm, Normalisation, Rms
from trainer.axes.objective import AnyObjective, CrossEntropy, SwishSymBa, SymBa, Threshold
from trainer.axes.regulariser import Regulariser
from trainer.config import RunConfig
from trainer.nets.net import Net, build
from trainer.nets.rows import Rows
from trainer.update import autograd, closed_form
from trainer.update.reading import QUIET, Noise, Task

PIXELS, CLASSES, IMAGES = 12, 4, 7
WIDTHS = (8, 12)


def suit(value: Goodness) -> bool:
    """Whether units of these widths can be read so."""
    return not any(value.bound(CLASSES).misfit((width,), CLASSES) for width in WIDTHS)


GOODNESS = [value for value in samples(AnyGoodness) if suit(value)]
READINGS = [value for value in GOODNESS if value.gives == "reading"]
CLASS_ROWS = [value for value in GOODNESS if value.gives == "classes"]
OBJECTIVES = samples(AnyObjective)
NORMS = [value for value in samples(AnyNorm) if value.pulls]


@pytest.fixture(autouse=True)
def _float64():
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


RELU = Relu()


def make(goodness, objective, code, input_norm, before, peer=0.0, activation=RELU) -> Net:
    config = RunConfig(
        architecture=Mlp(hidden=WIDTHS),
        activation=activation,
        goodness=goodness,
        objective=objective,
        label_code=code,
        competitors=Classes() if goodness.gives == "classes" else WrongLabel(),
        normalisation=Normalisation(input=input_norm, before=before, handover=Rms(eps=0.1)),
        regulariser=Regulariser(peer=peer),
    )
    net = build(config, (1, PIXELS, 1), CLASSES, 1.7, torch.Generator().manual_seed(3))
    for layer in net.layers:
        layer.wake()
    return net


def batch(net: Net) -> tuple[Rows, Task]:
    rng = torch.Generator().manual_seed(5)
    x = torch.rand(IMAGES, PIXELS, generator=rng)
    x[2] = 0
    y = torch.randint(CLASSES, (IMAGES,), generator=rng)
    if net.layers[0].rules.goodness.gives == "classes":
        return net.coder.plain(x), Task(Classes(), y, IMAGES)
    wrong = WrongLabel()
    labels = torch.cat([y[None], wrong.draw(y, CLASSES, rng)])
    return net.coder.labelled(x, labels), Task(wrong, y, IMAGES)


def both(point):
    """Gradients and readings of each layer by the closed form and by autograd."""
    for layer in range(2):
        results = []
        for way in (closed_form, autograd):
            net = make(*point)
            rows, task = batch(net)
            rows = net.below(rows, layer)
            reading, backward = way.forward(net.layers[layer], rows, task)
            backward()
            results.append((net.layers[layer].buffer.grad, reading.row, reading.h))
        yield results


def close(a, b):
    return float((a - b).abs().max()) <= 1e-12 * max(1.0, float(b.abs().max()))


CODES = [Overlay(), Concat()]
SLOTS = [(norm, norm) for norm in NORMS]  # input, before
POINTS = [
    *itertools.product(READINGS, OBJECTIVES, CODES, SLOTS[:1]),
    *itertools.product(READINGS, OBJECTIVES[:1], CODES, SLOTS),
    *itertools.product(CLASS_ROWS, OBJECTIVES, [NoCode()], SLOTS[:1]),
    *itertools.product(CLASS_ROWS, OBJECTIVES[-1:], [NoCode()], SLOTS),
]


def test_every_point_of_the_axes_has_the_gradient_that_autograd_finds():
    for goodness, objective, code, slots in POINTS:
        point = (goodness, objective, code, *slots)
        for closed, oracle in both(point):
            assert all(close(a, b) for a, b in zip(closed, oracle, strict=True)), point


def test_dropout_and_peer_normalisation_have_the_gradient_that_autograd_finds():
    masks = [torch.rand(IMAGES, width).gt(0.3) / 0.7 for width in WIDTHS]
    for goodness, code in ((Activity(), Overlay()), (Projection(start="normal"), NoCode())):
        point = (goodness, SymBa(), code, NoNorm(), Rms(eps=0.1) if code.kind == "none" else NoNorm(), 0.3)
        for layer, mask in enumerate(masks):
            gradients = []
            for way in (closed_form, autograd):
                net = make(*point)
                rows, task = batch(net)
                way.forward(net.layers[layer], net.below(rows, layer), task, Noise(units=mask))[1]()
                gradients.append(net.layers[layer].buffer.grad)
            assert close(*gradients)


def test_every_activation_has_the_gradient_that_autograd_finds():
    for activation in (StudentT(nu=1.5), Triangle()):
        for goodness in (Activity(), Activity(power=1), Projection(start="normal")):
            code = NoCode() if goodness.gives == "classes" else Concat()
            for closed, oracle in both((goodness, CrossEntropy(), code, Rms(eps=0.1), NoNorm(), 0.0, activation)):
                assert all(close(a, b) for a, b in zip(closed, oracle, strict=True)), (activation, goodness)


def test_what_other_layers_said_moves_the_gradient_alike():
    for objective in (Threshold(theta=2.0), SwishSymBa()):
        gradients = []
        for way, heard in ((closed_form, True), (autograd, True), (closed_form, False)):
            net = make(Activity(), objective, Overlay(), Rms(), NoNorm())
            rows, task = batch(net)
            bases = {0: torch.linspace(0, 1, 2 * IMAGES).view(IMAGES, 2)} if heard else {}
            way.forward(net.layers[0], rows, replace(task, bases=bases))[1]()
            gradients.append(net.layers[0].buffer.grad)
        assert close(*gradients[:2])
        assert not close(*gradients[1:])


class Cubes(Activity):
    """Mean of the cubes: what a new goodness has to be is `scores` and its derivative `pull`, nothing else."""

    def scores(self, h, p):
        return h.pow(3).mean(1, keepdim=True)

    def pull(self, h, p, slope):
        return 3 * h.square() * slope / h.shape[1], {}


def test_a_new_goodness_is_one_class():
    for layer in range(2):
        gradients = []
        for way in (closed_form, autograd):
            net = make(Activity(), SwishSymBa(), Overlay(), Rms(), NoNorm())
            mine = net.layers[layer]
            mine.rules = replace(mine.rules, goodness=Cubes())
            rows, task = batch(net)
            way.forward(mine, net.below(rows, layer), task)[1]()
            gradients.append(mine.buffer.grad)
        assert close(*gradients)


def test_backprop_through_one_layer_is_that_layers_own_gradient():
    for goodness, code in ((Activity(), Concat()), (Projection(start="normal", bias=True), NoCode())):
        net, alone = (make(goodness, CrossEntropy(), code, Rms(eps=0.1), NoNorm()) for _ in range(2))
        rows, task = batch(net)
        net.layers.pop()
        list(autograd.spans(net.layers, [0], rows, task, noises=[QUIET]))
        closed_form.forward(alone.layers[0], rows, task)[1]()
        assert close(net.layers[0].buffer.grad, alone.layers[0].buffer.grad)

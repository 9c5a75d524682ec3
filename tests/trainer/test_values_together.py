"""Layers that hear each other or move each other, against bare autograd through the plain net: one step, in float64."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from tests.trainer import plainly
from tests.trainer.plainly import (
    CLASSES,
    climb,
    images,
    learn,
    learn_together,
    made,
    moved,
    near,
    overlaid,
    rms,
    weights,
)
from trainer.axes.competitors import Classes, WrongLabel
from trainer.plan import Plan
from trainer.stages import Stages
from trainer.update import closed_form
from trainer.update.context import bases

THREE = (8, 6, 5)
SYMBA = {"objective": {"kind": "symba", "alpha": 2.0}}


@pytest.fixture(autouse=True)
def _float64():
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def wrong():
    return (images()[1] + 1) % CLASSES


def goodness(x, y, layers, cut):
    """Of every layer, (B,)."""
    return [h.square().mean(1) for h in climb(overlaid(x, y), layers, cut)]


def symba(layers, cut):
    """SymBa's loss of every layer, gradients being cut before layer n where `cut`."""
    x, y = images()
    pairs = zip(goodness(x, y, layers, cut), goodness(x, wrong(), layers, cut), strict=True)
    return [torch.log(1 + torch.exp(-2 * (p - n))).mean() for p, n in pairs]


# -- what layers hear of each other

HEARD = {"below": [[], [0], [0, 1]], "others": [[1, 2], [0, 2], [0, 1]], "later": [[1, 2], [2], []]}


@pytest.mark.parametrize("kind", HEARD)
@pytest.mark.parametrize("scope", ["layer", "pair"])
def test_a_step_beside_what_other_layers_say(kind, scope):
    objective = {"objective": {"kind": "threshold", "theta": 1.5}}
    config, net = made({"context.kind": kind, "scope.kind": scope, **objective}, THREE)
    layers = weights(net)
    x, y = images()
    rows, task = plainly.asked(net, WrongLabel(), wrong()[None])
    task = replace(task, bases=bases(net, rows, task, 3))
    wanted = [(w.detach().clone(), b.detach().clone()) for w, b in layers]
    for n, others in enumerate(HEARD[kind]):
        lowest = n if scope == "layer" else max(n - 1, 0)
        losses = []
        for label, sign in ((y, 1), (wrong(), -1)):
            found = goodness(x, label, layers, lambda place, lowest=lowest: place <= lowest)
            heard = sum((found[other].detach() for other in others), torch.zeros(len(x)))
            losses.append(torch.log(1 + torch.exp(sign * (1.5 - found[n] - heard))).mean())
        for place in range(lowest, n + 1):
            for kept, leaf in zip(wanted[place], layers[place], strict=True):
                kept.add_(moved(leaf, sum(losses)) - leaf.detach())
    if scope == "layer":
        for n in range(3):
            step(net, n, rows, task)
        for layer in net.layers:
            layer.optimise(1.0)
    else:
        learn_together(config, net, rows, task)
    for layer, (weight, bias) in zip(net.layers, wanted, strict=True):
        assert near(layer.w["weight"], weight)
        assert near(layer.w["bias"], bias)


def step(net, layer, rows, task):
    """The gradient of one layer alone, not yet taken."""
    closed_form.forward(net.layers[layer], net.below(rows, layer), task)[1]()


# -- how far a loss reaches

SCOPES = {
    "pair": ({"scope.kind": "pair"}, {0: 0, 1: 0, 2: 1}),
    "block": ({"scope": {"kind": "block", "size": 2}, "readout": {"kind": "softmax"}}, {1: 0, 2: 2}),
    "whole": ({"scope.kind": "whole", "readout.layers": "last"}, {2: 0}),
    "deep supervision": ({"scope": {"kind": "whole", "losses": "all"}}, {0: 0, 1: 0, 2: 0}),
}


def expected(layers, reach):
    """Weights after a step in which the loss of each layer in `reach` moves the layers down to that one."""
    wanted = [(w.detach().clone(), b.detach().clone()) for w, b in layers]
    for n, lowest in reach.items():
        loss = symba(layers, lambda place, lowest=lowest: place <= lowest)[n]
        for place in range(lowest, n + 1):
            for kept, leaf in zip(wanted[place], layers[place], strict=True):
                kept.add_(moved(leaf, loss) - leaf.detach())
    return wanted


def same(net, wanted):
    pairs = zip(net.layers, wanted, strict=True)
    return all(near(layer.w["weight"], weight) and near(layer.w["bias"], bias) for layer, (weight, bias) in pairs)


@pytest.mark.parametrize("name", SCOPES)
def test_a_step_by_scope(name):
    changes, reach = SCOPES[name]
    config, net = made({**SYMBA, **changes}, THREE)
    wanted = expected(weights(net), reach)
    learn_together(config, net, *plainly.asked(net, WrongLabel(), wrong()[None]))
    assert same(net, wanted)


def test_pairs_shift_by_one_layer_from_step_to_step():
    schedule = {"scope.kind": "pair", "schedule": {"kind": "alternating", "epochs": 1, "batch_size": 3}}
    config, net = made({**SYMBA, **schedule}, THREE)
    steps = list(Plan(config.phases(), 6, 3).after(0))
    for step, reach in zip(steps, ({0: 0, 2: 1}, {1: 0, 2: 1}), strict=True):
        wanted = expected(weights(net), reach)
        (stage,) = Stages(config).of(step)
        learn_together(config, net, *plainly.asked(net, WrongLabel(), wrong()[None]), reach=stage.reach)
        assert same(net, wanted)


def test_a_pair_of_class_rows_moves_the_lower_layer_twice():
    one_pass = {"label_code.kind": "none", "competitors.kind": "classes", "readout.kind": "sum"}
    rows = {"goodness": {"kind": "groups", "power": 1}, "objective.kind": "cross_entropy"}
    config, net = made({**one_pass, **rows, "scope.kind": "pair"}, (8, 12))
    layers = weights(net)
    x, y = images()
    losses = []
    for h in climb(rms(x), layers, lambda place: place == 0):
        scores = h.view(len(x), CLASSES, -1).mean(2)
        losses.append((scores.exp().sum(1).log() - scores[torch.arange(len(x)), y]).mean())
    lower, upper = moved(layers[0][0], losses[0] + losses[1]), moved(layers[1][0], losses[1])
    learn_together(config, net, *plainly.asked(net, Classes()))
    assert near(net.layers[0].w["weight"], lower)
    assert near(net.layers[1].w["weight"], upper)


def test_a_black_box_keeps_upper_layers_learning():
    _, net = made({**SYMBA, "normalisation.handover.kind": "sign"}, (8, 6))
    (first, second) = weights(net)
    x, y = images()
    losses = []
    for label in (y, wrong()):
        below = (overlaid(x, label) @ first[0].T + first[1]).relu()
        h = (torch.where(below > 0, 1.0, -1.0) @ second[0].T + second[1]).relu()
        losses.append(h.square().mean(1))
    total = torch.log(1 + torch.exp(-2 * (losses[0] - losses[1]))).mean()
    learn(net, 1, *plainly.asked(net, WrongLabel(), wrong()[None]))
    assert near(net.layers[1].w["weight"], moved(second[0], total))

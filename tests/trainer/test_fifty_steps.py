"""Fifty steps by the fast paths end where fifty steps by the plain ones do, but for rounding."""

from __future__ import annotations

from itertools import islice

import pytest
import torch

from benchmarks import product, reference
from tests.trainer import tiny
from trainer.data import load
from trainer.nets.layer import Layer

STEPS = 50
ROUNDING = 2e-4
"""Of the weights' length; two orders of summing up differ by about a hundredth of it."""
FF = {"optimiser.lr": 0.003, "schedule.epochs": 100}
CLASS_ROWS = {"preset": "mono-forward-digits", "goodness.start": "normal", "schedule.epochs": 100}
CONV = FF | {"architecture.kind": "conv", "architecture.channels": "8p, 8"}
RULES = {
    "threshold": FF | {"objective.kind": "threshold"},
    "symba": FF | {"objective.kind": "symba"},
    "swish": FF,
    "margin": FF | {"objective.kind": "margin"},
    "all labels": FF | {"objective.kind": "cross_entropy", "competitors.kind": "all_labels"},
    "hard labels": FF | {"competitors.kind": "hard_wrong_label"},
    # Adam would make whole steps of slopes that are 0 but for rounding
    "unsquared": {"goodness.power": 1, "optimiser": {"kind": "sgd", "lr": 0.1}, "schedule.epochs": 100},
    "peers": FF | {"regulariser.peer": 0.03},
    "peers among positives": FF
    | {"regulariser.peer": 0.3, "regulariser.peer_rows": "positive", "competitors.kind": "all_labels"},
    "dropout": FF | {"regulariser.dropout": 0.2},
    "layer after layer": FF | {"schedule.kind": "greedy", "schedule.epochs": 7},
    "class rows": CLASS_ROWS,
    "class groups": FF
    | {"goodness.kind": "groups", "competitors.kind": "classes", "objective.kind": "cross_entropy",
       "label_code.kind": "none", "readout.kind": "sum", "architecture.hidden": [20, 20]},
    "conv": CONV | {"label_code.kind": "pattern"},
    "conv, batch norm": CONV
    | {"label_code.kind": "pattern", "normalisation.input.kind": "batch", "normalisation.handover.kind": "batch"},
}  # fmt: skip


def run(folder, changes):
    config = tiny.config(changes)
    data = load(config.data, "cpu", config.seed)
    return product.begun(config, data, folder)


def after(session, steps=STEPS):
    for step in islice(session.plan.after(0), steps):
        product.take(session, step)
    return [layer.buffer.flat.clone() for layer in session.net.layers]


def apart(found, wanted):
    return float(torch.linalg.vector_norm(found - wanted) / torch.linalg.vector_norm(wanted))


@pytest.mark.parametrize("rule", RULES)
def test_the_closed_form_ends_where_autograd_does(rule, tmp_path, monkeypatch):
    session = run(tmp_path / "closed", RULES[rule])
    start = [layer.buffer.flat.clone() for layer in session.net.layers]
    assert all(layer.closed for layer in session.net.layers)
    closed = after(session)
    monkeypatch.setattr(Layer, "closed", False)
    general = after(run(tmp_path / "general", RULES[rule]))
    for begun, found, wanted in zip(start, closed, general, strict=True):
        assert apart(begun, wanted) > 100 * ROUNDING  # it has gone somewhere
        assert apart(found, wanted) < ROUNDING


def test_the_product_ends_where_the_usual_script_does(tmp_path):
    changes = FF | {
        "objective": {"kind": "threshold", "theta": 2.0, "slope": 1.0}, "init.kind": "torch_default",
        "optimiser.lr": 0.003, "label_code.strength": "max", "normalisation.input": {"kind": "unit_l2"},
        "normalisation.handover": {"kind": "unit_l2"}, "schedule.batch_size": 200, "competitors.fixed": True,
        "optimiser.eps": 2e-8,  # the script's loss is a mean over both signs: half of ours
    }  # fmt: skip
    session = run(tmp_path, changes)
    usual = [reference.Layer(64, 16, lr=0.003), reference.Layer(16, 12, lr=0.003)]
    for layer, plain in zip(session.net.layers, usual, strict=True):
        plain.load_state_dict({name: layer.w[name] for name in ("weight", "bias")})
    x, y = session.data.x_train.flatten(1), session.data.y_train
    batch = session.batches.draw(session.plan.step(1), session.rng)
    (piece,) = session.sampler.pieces(session.config.competitors, batch, session.rng, 0, None)
    wrong = piece.flow.inlet(session.net.course[0]).labels[1]
    found = after(session)
    for _ in range(STEPS):
        reference.joint(usual, reference.overlay(x, y), reference.overlay(x, wrong))
    for mine, plain in zip(found, usual, strict=True):
        assert apart(mine, torch.cat([plain.weight.detach().flatten(), plain.bias.detach()])) < ROUNDING

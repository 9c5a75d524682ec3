"""What the steps, schedules and readouts do, against plain statements of it in numpy and against longer ways."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.trainer import tiny
from trainer import evaluate
from trainer.axes.competitors import HardWrongLabel, WrongLabel
from trainer.axes.objective import SwishSymBa, SymBa, Threshold
from trainer.config import RunConfig, compose, parse
from trainer.figures import separation
from trainer.nets.head import Head
from trainer.nets.net import Net, build
from trainer.nets.rows import Plain
from trainer.plan import Plan
from trainer.update import closed_form
from trainer.update.reading import Task

PIXELS, CLASSES, IMAGES = 20, 4, 9


def small(**changes) -> tuple[RunConfig, Net]:
    dotted = {"architecture.hidden": [6, 5], **{key.replace("__", "."): value for key, value in changes.items()}}
    config = parse(compose(None, None, dotted))
    net = build(config, (1, PIXELS, 1), CLASSES, 2.0, torch.Generator().manual_seed(0))
    for layer in net.layers:
        layer.wake()
    return config, net


def images(seed=0):
    rng = torch.Generator().manual_seed(seed)
    x, y = torch.rand(IMAGES, PIXELS, generator=rng), torch.randint(CLASSES, (IMAGES,), generator=rng)
    return x, y, WrongLabel().draw(y, CLASSES, rng)[0]


def pezeshki(x, labels, weight, bias):
    """Goodness of overlaid, unit-length rows and their hidden activity, as a reader of the paper would write it."""
    coded = x.copy()
    coded[:, :CLASSES] = 0
    coded[np.arange(len(x)), labels] = 2.0
    coded /= np.linalg.norm(coded, axis=1, keepdims=True) + 1e-4
    h = np.maximum(coded @ weight.T + bias, 0)
    return coded, h, (h**2).mean(1)


def test_pezeshkis_layer_in_plain_numpy():
    _, net = small(normalisation__input__kind="unit_l2", objective={"kind": "threshold", "theta": 0.05})
    layer = net.layers[0]
    x, y, wrong = images()
    task = Task(WrongLabel(), y, IMAGES)
    reading, backward = closed_form.forward(layer, net.coder.labelled(x, torch.stack([y, wrong])), task)
    backward()
    weight, bias = (layer.w[name].numpy().astype(float) for name in ("weight", "bias"))
    gradient = np.zeros_like(weight)
    for labels, sign, column in ((y, -1, 0), (wrong, 1, 1)):
        coded, h, g = pezeshki(x.numpy().astype(float), labels.numpy(), weight, bias)
        np.testing.assert_allclose(reading.row[:, column], g, rtol=1e-5)
        pull = sign / (1 + np.exp(-sign * (g - 0.05))) / IMAGES
        gradient += (pull[:, None] * 2 * h / h.shape[1]).T @ coded
    np.testing.assert_allclose(layer.buffer.grads["w.weight"], gradient, rtol=1e-4, atol=1e-8)


def test_objectives_in_plain_numpy():
    row = np.array([[0.3, 0.9], [2.0, -1.0], [0.0, 0.0]])
    gap = row[:, 0] - row[:, 1]
    rows, index = torch.tensor(row), torch.zeros(3, dtype=torch.long)
    softplus = lambda u: np.log1p(np.exp(u))  # noqa: E731
    u = -6 * gap
    expected = {
        Threshold(theta=0.5): softplus(0.5 - row[:, 0]) + softplus(row[:, 1] - 0.5),
        SymBa(): softplus(-4 * gap),
        SwishSymBa(): u / (1 + np.exp(-u)),
    }
    for objective, values in expected.items():
        np.testing.assert_allclose(objective.loss(rows, index), values, rtol=1e-12)


def test_losses_stay_numbers_where_exponentials_overflow():
    rows = torch.tensor([[500.0, -500.0], [-500.0, 500.0]])
    for objective in (Threshold(), SymBa(), SwishSymBa()):
        assert objective.loss(rows, torch.zeros(2, dtype=torch.long)).isfinite().all()
        assert objective.slope(rows, torch.zeros(2, dtype=torch.long)).isfinite().all()


def test_wrong_labels_are_never_the_true_one_and_all_others_alike():
    y = torch.arange(CLASSES).repeat(3000)
    (wrong,) = WrongLabel().draw(y, CLASSES, torch.Generator().manual_seed(0))
    counts = torch.bincount(y * CLASSES + wrong, minlength=CLASSES**2).view(CLASSES, CLASSES)
    assert counts.diagonal().sum() == 0
    assert counts[~torch.eye(CLASSES, dtype=torch.bool)].sub(1000).abs().max() < 130
    (allowed,) = WrongLabel(allow_true=True).draw(y, CLASSES, torch.Generator().manual_seed(0))
    assert abs(float((allowed == y).double().mean()) - 1 / CLASSES) < 0.02


def test_several_wrong_labels_are_all_different():
    y = torch.arange(CLASSES).repeat(50)
    for wrong in (
        WrongLabel(count=3).draw(y, CLASSES, torch.Generator().manual_seed(0)),
        HardWrongLabel(count=3).draw(y, torch.rand(len(y), CLASSES), torch.Generator().manual_seed(0)),
    ):
        every = torch.arange(CLASSES)[:, None].expand(-1, len(y))
        assert torch.equal(torch.cat([y[None], wrong]).sort(0).values, every)


def test_hard_labels_follow_the_softmax_of_the_goodness_over_the_wrong_ones():
    y = torch.zeros(20_000, dtype=torch.long)
    goodness = torch.tensor([9.0, 0.1, 0.2, 0.3]).expand(len(y), -1)
    (wrong,) = HardWrongLabel(sharpness=10).draw(y, goodness, torch.Generator().manual_seed(0))
    shares = torch.bincount(wrong, minlength=4).double() / len(y)
    expected = torch.tensor([1.0, 2.0, 3.0]).softmax(0).double()
    assert shares[0] == 0
    assert (shares[1:] - expected).abs().max() < 0.02


def test_the_sweep_in_small_pieces_is_the_sweep_label_by_label(monkeypatch):
    for code in ("overlay", "concat"):
        config, net = small(label_code__kind=code)
        x, y, _ = images()
        whole = evaluate.judge(net, config.readout, None, (x, y), trained=2)
        monkeypatch.setattr(evaluate, "READ_AT_ONCE", 2000)
        assert 1 <= evaluate.images_at_once(net) < IMAGES
        pieces = evaluate.judge(net, config.readout, None, (x, y), trained=2)
        for label in range(CLASSES):
            rows = net.coder.labelled(x, torch.full((1, IMAGES), label))
            slow = [layer.scores(h)[:, 0] for layer, h in net.climb(Plain(rows.dense()))]
            for layer, scores in enumerate(slow):
                assert torch.allclose(whole.scores[layer][:, label], scores)
                assert torch.allclose(pieces.scores[layer][:, label], scores)
        assert torch.allclose(whole.total, whole.scores[0] + whole.scores[1])
        monkeypatch.undo()


def test_a_shortlist_tries_the_labels_that_the_head_finds_likeliest():
    config, net = small(readout={"kind": "softmax", "shortlist": 2})
    x, y, _ = images()
    head = Head(config.readout, net)
    head.weights[0].normal_(generator=torch.Generator().manual_seed(7))
    short = evaluate.judge(net, config.readout, head, (x, y), trained=2)
    whole = evaluate.judge(net, config.readout, head, (x, y), trained=2, sweep="all")
    likely = torch.zeros(IMAGES, CLASSES, dtype=torch.bool).scatter_(1, short.total.topk(2).indices, True)
    assert torch.equal(short.total, whole.total)
    for layer in range(2):
        assert torch.allclose(short.scores[layer][likely], whole.scores[layer][likely])
        assert short.scores[layer][~likely].isneginf().all()
    known = separation(short, 0, None)
    assert sum(known["right"]) + sum(known["wrong"]) == 2 * IMAGES
    assert 0 <= known["ordered"] <= 1
    assert evaluate.judge(net, config.readout, head, (x, y), trained=2, sweep="none").scores == {}
    alone = head.rule.model_copy(update={"shortlist": 1})
    head.rule = alone
    assert separation(evaluate.judge(net, alone, head, (x, y), trained=2), 0, None)["ordered"] == 0  # no pair, no NaN


def test_a_run_says_how_often_its_shortlist_answers_as_all_labels_would(tmp_path):
    stored = tiny.config({"readout": {"kind": "softmax", "shortlist": 3}})
    tiny.train(stored, tmp_path)
    (*_, last) = [e["values"] for e in tiny.events(tmp_path, "metrics") if "test/sweep_accuracy" in e["values"]]
    assert 0.3 < last["test/shortlist_agreement"] <= 1
    tiny.train(tiny.config({"readout": {"kind": "softmax", "shortlist": 10}}), tmp_path / "all")
    (*_, last) = [e["values"] for e in tiny.events(tmp_path / "all", "metrics") if "test/sweep_accuracy" in e["values"]]
    assert last["test/shortlist_agreement"] == 1


@pytest.mark.parametrize(
    "changes", [{}, {"readout.kind": "softmax"}, tiny.MONO], ids=["sweep", "beside a head", "rows"]
)
def test_an_evaluation_in_fewer_bits_says_how_often_it_answers_as_in_float32(changes, tmp_path):
    for kind in ("float32", "bfloat16"):
        tiny.train(tiny.config({**changes, "evaluate.precision": kind}), tmp_path / kind)
    exact, rounded = (tiny.state(tmp_path / kind) for kind in ("float32", "bfloat16"))
    assert all(torch.equal(a["flat"], b["flat"]) for a, b in zip(exact["layers"], rounded["layers"], strict=True))
    points = [e["values"] for e in tiny.events(tmp_path / "bfloat16", "metrics") if "test/accuracy" in e["values"]]
    assert all(0.8 < point["test/rounding_agreement"] <= 1 for point in points)
    assert "test/rounding_agreement" not in str(tiny.events(tmp_path / "float32", "metrics"))


def learning(out) -> list[set[str]]:
    """The layers that have a loss in each point."""
    names = [[name.split("/") for name in event["values"]] for event in tiny.events(out, "metrics")]
    return [{parts[1] for parts in point if parts[0] == "layers" and parts[2] == "loss"} for point in names]


def test_greedy_trains_one_layer_after_another_and_joint_all(tmp_path):
    greedy = {"schedule": {"kind": "greedy", "epochs": 2}}
    still = tiny.weights(tiny.train(tiny.config({"optimiser.lr": 1e-30}), tmp_path / "still"))
    stored = [tiny.train(tiny.config(changes), tmp_path / str(n)) for n, changes in enumerate((greedy, {}))]
    for after in stored:
        assert all(not torch.equal(a, b) for a, b in zip(still, tiny.weights(after), strict=True))
        assert [layer["awake"] for layer in after["layers"]] == [False, False]
    assert learning(tmp_path / "0") == [{"1"}] * 7 + [{"2"}] * 6
    assert learning(tmp_path / "1") == [{"1", "2"}] * len(learning(tmp_path / "1"))


def test_frozen_layers_keep_their_start_while_their_projection_learns(tmp_path):
    config = tiny.config({**tiny.MONO, "layers": [{"span": "1-", "frozen": True}]})
    stored = tiny.train(config, tmp_path)
    moving = tiny.train(tiny.config({**tiny.MONO, "optimiser.lr": 1e-30}), tmp_path / "still")
    for now, before in zip(tiny.weights(stored), tiny.weights(moving), strict=True):
        trunk = len(now) - 10 * (16 if len(now) > 500 else 12)
        assert torch.allclose(now[:trunk], before[:trunk], rtol=0, atol=1e-20)
        assert not torch.equal(now[trunk:], before[trunk:])


def test_a_batch_in_pieces_learns_as_one_whole(tmp_path, monkeypatch):
    config = tiny.config({"schedule.batch_size": 200, "schedule.epochs": 5})
    whole = tiny.train(config, tmp_path / "whole")
    monkeypatch.setattr("trainer.pieces.LARGEST", 64)
    pieces = tiny.train(config, tmp_path / "pieces")
    for a, b in zip(tiny.weights(whole), tiny.weights(pieces), strict=True):
        assert torch.allclose(a, b, rtol=1e-4, atol=1e-5)
    assert not tiny.same(whole, pieces)
    asked = tiny.config({"schedule.batch_size": 200, "schedule.epochs": 5, "memory.batch": "whole"})
    assert tiny.same(whole, tiny.train(asked, tmp_path / "asked"))


def test_bfloat16_products_come_near_float32(tmp_path):
    exact = tiny.train(tiny.config({"schedule.epochs": 1}), tmp_path / "exact")
    half = tiny.train(tiny.config({"schedule.epochs": 1, "precision.kind": "bfloat16"}), tmp_path / "half")
    for a, b in zip(tiny.weights(exact), tiny.weights(half), strict=True):
        assert 0 < float((a - b).norm() / a.norm()) < 0.02


@pytest.mark.parametrize(("images", "batch"), [(200, 64), (200, 200), (200, None), (7, 3)])
def test_a_plan_draws_every_image_once_an_epoch(images, batch):
    phases = parse(
        compose(None, None, {"schedule": {"kind": "greedy", "epochs": 2}, "architecture.hidden": [9, 9, 9]})
    ).phases()
    plan = Plan(phases, images, batch)
    steps = list(plan.after(0))
    assert len(steps) == plan.total
    assert [step.number for step in steps] == list(range(1, plan.total + 1))
    for epoch in range(plan.epochs):
        drawn = [n for step in steps if step.epoch == epoch for n in range(images)[plan.span(step)]]
        assert drawn == list(range(images))
    assert [step.phase.name for step in steps if step.opens_phase] == [phase.name for phase in phases]
    assert sum(step.ends_phase for step in steps) == 3
    assert plan.drawn(plan.total) == images * plan.epochs
    assert [step.phase.layers for step in steps[:: plan.steps_per_epoch * 2]] == [(0,), (1,), (2,)]

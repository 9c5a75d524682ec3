"""The net that looks up as well as down, against a plain statement of it, and what its fields change."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import torch

from tests.trainer import tiny
from trainer import arithmetic, estimate
from trainer.arithmetic import phase_flops
from trainer.axes.competitors import WrongLabel
from trainer.config import compose, parse
from trainer.controls import CONTROLS
from trainer.data import catalogue
from trainer.errors import ConfigError, Stopped
from trainer.nets.net import build
from trainer.update import autograd, closed_form
from trainer.update.reading import Task

RECURRENT = {"architecture.kind": "recurrent", "label_code.kind": "top"}
TWO = RECURRENT | {"architecture.hidden": [14, 12]}
SHORT = TWO | {"schedule.epochs": 1, "architecture.ticks": 3, "architecture.score_ticks": 2}
IMAGES, PIXELS, CLASSES, ALPHA = 5, 12, 4, 3.0


@pytest.fixture
def float64():
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def small(**changes):
    """A net of widths 7 and 6 on 12 pixels, awake."""
    base = {"hidden": [7, 6], "ticks": 3, "score_ticks": 2} | changes
    config = parse(
        compose(
            changes={"label_code.kind": "top", "label_code.strength": 1.5, "objective.alpha": ALPHA}
            | {"architecture.kind": "recurrent"}
            | {f"architecture.{name}": value for name, value in base.items()}
        )
    )
    net = build(config, (3, 4, 1), CLASSES, 1.5, torch.Generator().manual_seed(3))
    for layer in net.layers:
        layer.wake()
        layer.w["bias"].normal_(generator=torch.Generator().manual_seed(5))
    return net


@cache
def batch() -> tuple[torch.Tensor, torch.Tensor]:
    rng = torch.Generator().manual_seed(4)
    x = torch.rand(IMAGES, PIXELS, generator=rng, dtype=torch.float64)
    y = torch.randint(CLASSES, (IMAGES,), generator=rng)
    return x, torch.stack([y, (y + 1 + torch.arange(IMAGES) % 3) % CLASSES])


def learnt(net, way=closed_form) -> list[np.ndarray]:
    """The gradients of one batch, a layer each."""
    x, labels = batch()
    task = Task(WrongLabel(), labels[0], IMAGES * net.readings)
    flow = net.start(net.coder.labelled(x, labels))
    for visit in net.course:
        layer, rows = net.layers[visit.layer], flow.inlet(visit)
        if visit.scored:
            reading, backward = way.forward(layer, rows, task)
            backward()
            h = reading.h
        else:
            h = layer.activity(rows)
        flow.take(visit, h)
    return [{name: grad.numpy() for name, grad in layer.buffer.grads.items()} for layer in net.layers]


def rms(rows):
    return rows / (np.sqrt((rows**2).mean(1, keepdims=True)) + 1e-6)


def plainly(net, *, start: str, update: str, damping: float = 0.7) -> list[dict[str, np.ndarray]]:
    """Three ticks of two layers in numpy: rows (2B, …), of which the first B are positive; the last two ticks learn."""
    x, labels = batch()
    image, top = rms(np.tile(x.numpy(), (2, 1))), 1.5 * CLASSES**0.5 * np.eye(CLASSES)[labels.numpy().reshape(-1)]
    w = [{name: value.numpy() for name, value in layer.w.items()} for layer in net.layers]
    grads = [{name: np.zeros_like(value) for name, value in part.items()} for part in w]
    state = [np.zeros((2 * IMAGES, len(part["bias"]))) for part in w]
    if start == "bottom_up":
        state[0] = np.maximum(0, image @ w[0]["weight"].T + w[0]["bias"])
        state[1] = np.maximum(0, rms(state[0]) @ w[1]["weight"].T + w[1]["bias"])
    for tick in (1, 2, 3):
        fresh = [None, None]
        for layer in (0, 1):
            below = image if layer == 0 else rms(state[0])
            above = rms(state[1]) if layer == 0 else top
            h = np.maximum(0, below @ w[layer]["weight"].T + above @ w[layer]["down"].T + w[layer]["bias"])
            fresh[layer] = (1 - damping) * state[layer] + damping * h
            if update == "alternating":
                state[layer] = fresh[layer]
            if tick == 1:
                continue
            goodness = (h**2).mean(1)
            u = -ALPHA * (goodness[:IMAGES] - goodness[IMAGES:])
            s = 1 / (1 + np.exp(-u))
            slope = -ALPHA * (s + u * s * (1 - s)) / (2 * IMAGES)  # of the mean over two ticks and all images
            delta = np.concatenate([slope, -slope])[:, None] * 2 * h / h.shape[1]
            grads[layer]["weight"] += delta.T @ below
            grads[layer]["down"] += delta.T @ above
            grads[layer]["bias"] += delta.sum(0)
        state = fresh
    return grads


@pytest.mark.parametrize("update", ["synchronous", "alternating"])
@pytest.mark.parametrize("start", ["zeros", "bottom_up"])
def test_a_batch_has_the_gradient_of_a_plain_statement_of_it(float64, start, update):
    plain = plainly(small(start=start, update=update), start=start, update=update)
    for way in (closed_form, autograd):
        for mine, theirs in zip(learnt(small(start=start, update=update), way), plain, strict=True):
            for name, grad in theirs.items():
                assert np.abs(mine[f"w.{name}"] - grad).max() < 1e-12, (way.__name__, name)


def test_the_sweep_adds_the_goodness_of_the_ticks_that_count(float64):
    net, (x, _) = small(), batch()
    rows = net.coder.every_label(x)
    read = [(layer.index, layer.scores(h)) for layer, h in net.climb(rows)]
    assert [index for index, _ in read] == [0, 1, 0, 1]
    one = net.coder.labelled(x[:1], torch.tensor([[2]]))
    alone = [layer.scores(h) for layer, h in net.climb(one)]
    for (_, all_labels), single in zip(read, alone, strict=True):
        assert torch.allclose(all_labels[2 * IMAGES], single[0], atol=1e-12)


def test_cut_ways_down_are_weights_of_zero(float64):
    net, (x, _) = small(), batch()
    cut = [h for _, h in net.severed["no_top_down"].climb(net.coder.every_label(x))]
    net.layers[0].w["down"].zero_()
    assert all(torch.equal(a, b) for a, (_, b) in zip(cut, net.climb(net.coder.every_label(x)), strict=True))


@pytest.mark.parametrize(
    "change",
    [
        {"ticks": 4},
        {"score_ticks": 1},
        {"damping": 1.0},
        {"start": "bottom_up"},
        {"update": "alternating"},
    ],
    ids=str,
)
def test_every_field_changes_what_is_learnt(float64, change):
    before, after = learnt(small()), learnt(small(**change))
    assert any(np.abs(b[name] - a[name]).max() > 1e-9 for b, a in zip(before, after, strict=True) for name in b)


def test_a_run_that_was_stopped_ends_with_the_same_bits(tmp_path):
    config = tiny.config(SHORT | {"competitors.kind": "hard_wrong_label", "regulariser.dropout": 0.1})
    whole = tiny.train(config, tmp_path / "whole")
    with pytest.raises(Stopped):
        tiny.train(config, tmp_path / "parts", tiny.StopAt(tmp_path / "parts", 3))
    assert tiny.same(whole, tiny.train(config, tmp_path / "parts", resume=True))
    assert tiny.points(tmp_path / "whole") == tiny.points(tmp_path / "parts")


def test_it_learns_digits_and_needs_what_comes_down(tmp_path):
    changes = {"data.train_size": 1000, "data.test_size": 200, "architecture.hidden": [48, 48], "goodness.sign": -1}
    config = tiny.config(RECURRENT | changes | {"schedule.epochs": 5, "metrics.every_steps": 50})
    frozen = CONTROLS["random"].derive(config)
    for name, run in (("learnt", config), ("frozen", frozen)):
        tiny.train(run, tmp_path / name)
    last = tiny.events(tmp_path / "learnt", "metrics")[-1]["values"]
    control = tiny.events(tmp_path / "frozen", "metrics")[-1]["values"]
    assert last["test/accuracy"] > max(0.85, control["test/accuracy"])
    assert last["test/accuracy_no_top_down"] < last["test/accuracy"] - 0.05


def test_parameters_and_flops_are_those_of_the_net():
    config = parse(compose(changes=TWO))
    info = catalogue.describe("digits")
    net = build(config, info.shape, info.classes, 1.0, torch.Generator())
    guessed = estimate.estimate(config, info)
    assert [layer.parameters for layer in guessed.layers] == [layer.parameters for layer in net.layers]
    assert guessed.parameters == 14 * (64 + 12 + 1) + 12 * (14 + 10 + 1)
    # layer 1: the image once, and from tick 2 on what layer 2 says; layer 2: the label at every tick, layer 1 likewise
    forward = 64 * 14 + 2 * 4 * 12 * 14 + 2 * 12 * (4 * 14 + 5 * 10)
    back = 64 * 14 + 2 * 3 * 12 * 14 + 2 * 3 * 12 * (14 + 10)
    assert phase_flops(config, info, config.phases()[0]) == 2 * (forward + back)


@pytest.mark.parametrize(
    ("changes", "loc", "says"),
    [
        ({"label_code.kind": "overlay"}, "label_code.kind", "set top"),
        ({"architecture.kind": "mlp"}, "label_code.kind", "looks up"),
        ({"scope.kind": "whole"}, "scope.kind", "set layer"),
        ({"scope.kind": "pair"}, "scope.kind", "set layer"),
        ({"schedule.kind": "greedy"}, "schedule.kind", "set joint"),
        ({"schedule.activities": "after"}, "schedule.kind", "before"),
        ({"normalisation.handover.kind": "batch"}, "normalisation.handover.kind", "rms"),
        ({"regulariser.input_dropout": 0.1}, "regulariser.input_dropout", "set 0"),
        ({"architecture.score_ticks": 6}, "architecture.score_ticks", "at most"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_what_cannot_be_is_refused_with_what_would_work(changes, loc, says):
    with pytest.raises(ConfigError) as refused:
        parse(compose(changes=RECURRENT | changes))
    assert any(error["loc"] == loc and says in error["msg"] for error in refused.value.errors)


def test_backprop_beside_it_trains_the_layers_without_the_way_down():
    twin = parse(compose(changes=TWO)).twin()
    assert twin.architecture.kind == "mlp"
    assert twin.architecture.hidden == (14, 12)
    assert parse(twin.model_dump(mode="json")) == twin
    assert arithmetic.phase_flops(twin, catalogue.describe("digits"), twin.phases()[0]) > 0

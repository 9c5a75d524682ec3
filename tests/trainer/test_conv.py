"""Convolutions against plain torch in float64: what they compute, how they pool, and the step of one FF layer."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from trainer.axes.competitors import WrongLabel
from trainer.axes.precision import Bfloat16, Float32
from trainer.blocks import conv, pooling
from trainer.blocks.chain import Link, links
from trainer.config import RunConfig
from trainer.nets.layer import under
from trainer.nets.net import Net, build
from trainer.nets.rows import Labelled, Plain
from trainer.update import autograd, closed_form
from trainer.update.reading import Task

IMAGE, CLASSES, IMAGES = (6, 7, 2), 4, 5
BATCH_NORM = {"input": {"kind": "batch"}, "handover": {"kind": "batch"}}


@pytest.fixture(autouse=True)
def _float64():
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def make(channels: str, **changes: object) -> Net:
    given = {"label_code": {"kind": "pattern"}, "normalisation": BATCH_NORM, **changes}
    config = RunConfig.model_validate({"architecture": {"kind": "conv", "channels": channels}, **given})
    net = build(config, IMAGE, CLASSES, 1.5, torch.Generator().manual_seed(1))
    for layer in net.layers:
        layer.wake()
    return net


def labelled(net: Net) -> tuple[Labelled, Task]:
    rng = torch.Generator().manual_seed(2)
    x, y = torch.rand(IMAGES, 6 * 7 * 2, generator=rng), torch.randint(CLASSES, (IMAGES,), generator=rng)
    rule = WrongLabel()
    return net.coder.labelled(x, torch.cat([y[None], rule.draw(y, CLASSES, rng)])), Task(rule, y, IMAGES)


def close(a: torch.Tensor, b: torch.Tensor) -> bool:
    return float((a - b).abs().max()) <= 1e-12 * max(1.0, float(b.abs().max()))


def test_layers_are_typed_as_channels_and_marks():
    assert links("32p, 64gs2 ,8k5r3") == (
        Link(32, pool="max"),
        Link(64, grouped=True, stride=2),
        Link(8, kernel=5, pool="rms", window=3),
    )


@pytest.mark.parametrize("text", ["", "32,,64", "0", "32x", "p32", "32k4", "32s9", "32p9", "32g2", "32p.5", "-3"])
def test_what_is_no_layer_is_refused_with_what_would_work(text):
    with pytest.raises(ValueError, match=r"no layer|from|g takes"):
        links(text)


PLAIN = {
    "8": lambda a: a,
    "8p": lambda a: F.max_pool2d(a, 2),
    "8p4": lambda a: F.max_pool2d(a, 4, 2, 1),
    "8a": lambda a: F.avg_pool2d(a, 2),
    "8r": lambda a: F.avg_pool2d(a**2, 2).sqrt(),
}


@pytest.mark.parametrize("text", PLAIN)
@pytest.mark.parametrize(("marks", "kernel", "stride", "groups"), [("", 3, 1, 1), ("k5", 5, 1, 1), ("gs2", 3, 2, 4)])
def test_a_layer_is_conv_activation_and_pool(text, marks, kernel, stride, groups):
    layer = make(f"4, {text}{marks}").layers[1]
    x = torch.randn(3, 4, 6, 7, generator=torch.Generator().manual_seed(3))
    a = F.conv2d(x, layer.w["weight"], layer.w["bias"], stride, kernel // 2, groups=groups).relu()
    wanted = PLAIN[text](a)
    for got in (
        layer.block.forward(layer.w, x, layer.rules.activation, Float32())[1],
        layer.block.settle(layer.block.product(layer.w, Plain(x), Float32()).relu(), Float32())[0],
    ):
        assert close(got, wanted)
        assert got.shape[1:] == layer.block.outputs
    assert layer.block.products() == a[0].numel() * layer.w["weight"][0].numel()


def test_the_step_of_a_block_as_a_reader_of_the_paper_would_write_it():
    """Batch norm over both passes, conv, ReLU, pool, mean of squares, SymBa: in layer 2, on what layer 1 hands over."""
    net = make("6p, 9p", objective={"kind": "symba", "alpha": 4.0})
    rows, task = labelled(net)
    first, second = ({name: value.clone() for name, value in layer.w.items()} for layer in net.layers)
    below = net.below(rows, 1)
    closed_form.forward(net.layers[1], below, task)[1]()

    weight, bias = second["weight"].requires_grad_(), second["bias"].requires_grad_()
    x = (rows.dense() - 0) / (1 + 1e-5) ** 0.5  # by the running statistics at the start
    h = F.max_pool2d(F.conv2d(x, first["weight"], first["bias"], padding=1).relu(), 2)
    n = (h - h.mean((0, 2, 3), keepdim=True)) / (h.var((0, 2, 3), correction=0, keepdim=True) + 1e-5).sqrt()
    g = (F.max_pool2d(F.conv2d(n, weight, bias, padding=1).relu(), 2) ** 2).mean((1, 2, 3))
    F.softplus(-4 * (g[:IMAGES] - g[IMAGES:])).mean().backward()
    grads = under("w", net.layers[1].buffer.grads)
    assert close(grads["weight"], weight.grad)
    assert close(grads["bias"], bias.grad)


BEFORE = {
    "none": {"kind": "activity"},
    "rms": {"kind": "activity", "power": 1},
    "unit_l2": {"kind": "activity", "power": 1, "reduce": "sum"},
}


@pytest.mark.parametrize("channels", ["8, 12", "8p, 12gs2", "8a, 8r", "8r, 12k5p3"])
@pytest.mark.parametrize("before", BEFORE)
def test_the_closed_form_is_the_gradient_that_autograd_finds(channels, before):
    norms = BATCH_NORM | {"before": {"kind": before}}
    for place in range(2):
        found = []
        for way in (closed_form, autograd):
            net = make(channels, goodness=BEFORE[before], normalisation=norms)
            rows, task = labelled(net)
            assert net.layers[place].closed
            reading, backward = way.forward(net.layers[place], net.below(rows, place), task)
            backward()
            found.append((net.layers[place].buffer.grad, reading.row))
        assert all(close(a, b) for a, b in zip(*found, strict=True))


def test_an_overlaid_label_takes_the_place_of_the_first_pixels():
    net = make("4", label_code={"kind": "overlay"})
    x = torch.rand(1, 6 * 7 * 2, generator=torch.Generator().manual_seed(4))
    coded = net.coder.labelled(x, torch.tensor([[3]])).dense()[0]
    assert coded[0].flatten()[:CLASSES].tolist() == [0, 0, 0, 1.5]
    pixels = x.view(6, 7, 2).permute(2, 0, 1)
    assert torch.equal(coded[0].flatten()[CLASSES:], pixels[0].flatten()[CLASSES:])
    assert torch.equal(coded[1], pixels[1])


def test_bfloat16_is_near_float32_both_ways():
    torch.set_default_dtype(torch.float32)
    found = []
    for precision in (Float32(), Bfloat16()):
        for way in (closed_form, autograd):
            net = make("8p, 12", precision=precision)
            rows, task = labelled(net)
            reading, backward = way.forward(net.layers[0], rows, task)
            backward()
            assert reading.h.dtype == torch.float32
            found.append(net.layers[0].buffer.grad)
    for other in found[1:]:
        assert F.cosine_similarity(found[0], other, dim=0) > 0.98


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"goodness": {"kind": "activity", "regions": 2}},
        {"activation": {"kind": "student_t"}},
        {"goodness": {"kind": "activity", "power": 1}, "normalisation": {"before": {"kind": "rms"}}},
        {"goodness": {"kind": "activity", "constraint_share": 0.5}},
    ],
    ids=["plain", "regions", "student t", "normalised", "constraints"],
)
def test_a_delta_made_in_portions_gives_the_same_gradient(changes, monkeypatch):
    found = []
    for portion in (1 << 20, 3 * 4 * 42):  # all rows at once; three of the ten at a time
        monkeypatch.setattr(conv, "PORTION", portion)
        net = make("4", **changes)
        layer, (rows, task) = net.layers[0], labelled(net)
        sizes = []
        accumulate = type(layer.block).accumulate
        monkeypatch.setattr(
            type(layer.block), "accumulate", lambda *args, s=sizes, f=accumulate: (s.append(len(args[3])), f(*args))
        )
        closed_form.forward(layer, rows, task)[1]()
        monkeypatch.undo()
        found.append((sizes, layer.buffer.grad.clone()))
    (all_at_once, whole), (in_portions, parts) = found
    assert (all_at_once, in_portions) == ([10], [3, 3, 3, 1])
    assert float(whole.abs().max()) > 0
    assert torch.allclose(whole, parts)


def test_the_way_back_of_a_pool_that_saw_nothing_is_nothing():
    x = torch.zeros(2, 3, 4, 4)
    x[0, 0, :2, :2] = 1.0
    y, back = pooling.opened(x, "rms", 2)
    slope = back(torch.ones_like(y))
    assert bool(slope.isfinite().all())
    assert slope.sum() == slope[0, 0, :2, :2].sum() > 0

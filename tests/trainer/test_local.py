"""Locally connected layers: who sees whom, how many weights there are, and that the others never come alive."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from trainer.axes.competitors import WrongLabel
from trainer.config import RunConfig
from trainer.nets.layer import under
from trainer.nets.net import Net, build
from trainer.update import autograd, closed_form
from trainer.update.reading import Task

HEIGHT, WIDTH, CHANNELS, UNITS, CLASSES, IMAGES = 5, 4, 2, 3, 4, 6


@pytest.fixture(autouse=True)
def _float64():
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def make(**changes: object) -> Net:
    architecture = {"kind": "local", "units": UNITS, "field": 3, "hidden_layers": 2}
    config = RunConfig.model_validate({"architecture": architecture, "label_code": {"kind": "concat"}, **changes})
    net = build(config, (HEIGHT, WIDTH, CHANNELS), CLASSES, 2.0, torch.Generator().manual_seed(1))
    for layer in net.layers:
        layer.wake()
    return net


def labelled(net: Net):
    rng = torch.Generator().manual_seed(2)
    x = torch.rand(IMAGES, HEIGHT * WIDTH * CHANNELS, generator=rng)
    y = torch.randint(CLASSES, (IMAGES,), generator=rng)
    return net.coder.labelled(x, torch.cat([y[None], WrongLabel().draw(y, CLASSES, rng)])), Task(
        WrongLabel(), y, IMAGES
    )


def seen(net: Net, layer: int) -> torch.Tensor:
    """Which inputs each unit sees (outputs, inputs), by walking over all pairs of places."""
    below = UNITS if layer else CHANNELS
    label = 0 if layer else CLASSES
    found = torch.zeros(net.layers[layer].w["weight"].shape, dtype=torch.bool)
    found[:, :label] = True
    for y in range(HEIGHT):
        for x in range(WIDTH):
            for v in range(max(0, y - 1), min(HEIGHT, y + 2)):
                for u in range(max(0, x - 1), min(WIDTH, x + 2)):
                    row, column = (y * WIDTH + x) * UNITS, label + (v * WIDTH + u) * below
                    found[row : row + UNITS, column : column + below] = True
    return found


def test_only_neighbours_are_connected_and_only_they_are_counted():
    net = make()
    for number, layer in enumerate(net.layers):
        mask = seen(net, number)
        assert torch.equal(layer.w["weight"] != 0, mask)
        assert layer.block.numbers == int(mask.sum()) + len(mask)
        assert layer.block.stored == mask.numel() + len(mask)


def test_the_published_net_has_1_866_312_connections():
    config = RunConfig.model_validate({"architecture": {"kind": "local"}, "label_code": {"kind": "none"}})
    blocks = config.architecture.blocks((3072,), 10, (32, 32, 3))
    assert sum(block.numbers - block.outputs[0] for block in blocks) == 1_866_312


@pytest.mark.parametrize("way", [closed_form, autograd])
def test_the_step_of_the_first_layer_as_a_reader_would_write_it(way):
    """With neighbourhoods cut out by unfold: RMS rows, mean of squares, Swish-SymBa; nothing else moves."""
    net = make(objective={"kind": "swish_symba", "alpha": 6.0})
    rows, task = labelled(net)
    layer = net.layers[0]
    weight, bias = layer.w["weight"].clone(), layer.w["bias"].clone().requires_grad_()
    way.forward(layer, rows, task)[1]()
    layer.block.constrain(under("w", layer.buffer.grads))

    coded = rows.dense()
    coded = coded / (coded.square().mean(1, keepdim=True).sqrt() + 1e-6)
    maps = coded[:, CLASSES:].view(-1, HEIGHT, WIDTH, CHANNELS).permute(0, 3, 1, 2)
    patches = F.unfold(maps, 3, padding=1).unflatten(1, (CHANNELS, 9)).transpose(1, 3)  # (R, places, 9, C)
    places = HEIGHT * WIDTH
    full = weight[:, CLASSES:].view(places, UNITS, HEIGHT, WIDTH, CHANNELS)
    wide = F.pad(full, (0, 0, 1, 1, 1, 1))
    own = torch.stack(
        [wide[n, :, n // WIDTH : n // WIDTH + 3, n % WIDTH : n % WIDTH + 3].flatten(1, 2) for n in range(places)]
    ).requires_grad_()
    label = weight[:, :CLASSES].clone().requires_grad_()
    z = torch.einsum("rpkc,pukc->rpu", patches, own).flatten(1) + coded[:, :CLASSES] @ label.T + bias
    u = -6 * torch.sub(*z.relu().square().mean(1).view(2, IMAGES))
    (u * u.sigmoid()).mean().backward()

    grads = under("w", layer.buffer.grads)
    assert own.grad is not None
    assert torch.allclose(grads["bias"], bias.grad, rtol=0, atol=1e-12)
    assert torch.allclose(grads["weight"][:, :CLASSES], label.grad, rtol=0, atol=1e-12)
    mine = F.pad(grads["weight"][:, CLASSES:].view(places, UNITS, HEIGHT, WIDTH, CHANNELS), (0, 0, 1, 1, 1, 1))
    for n in range(places):
        near = mine[n, :, n // WIDTH : n // WIDTH + 3, n % WIDTH : n % WIDTH + 3].flatten(1, 2)
        border = F.pad(torch.ones(HEIGHT, WIDTH), (1, 1, 1, 1))  # beyond it no weight is
        there = border[n // WIDTH : n // WIDTH + 3, n % WIDTH : n % WIDTH + 3].flatten()[None, :, None]
        assert torch.allclose(near, own.grad[n] * there, rtol=0, atol=1e-12)
    assert not grads["weight"][~seen(net, 0)].any()


def test_what_is_not_connected_stays_so():
    net = make(optimiser={"kind": "adam", "lr": 0.01})
    rows, task = labelled(net)
    for _ in range(3):
        for layer in net.layers:
            closed_form.forward(layer, net.below(rows, layer.index), task)[1]()
            layer.optimise(1.0)
    for number, layer in enumerate(net.layers):
        assert not layer.w["weight"][~seen(net, number)].any()

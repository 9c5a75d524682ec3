"""Shortcuts without weights: DeeperForward's net as one would write it in plain torch, and where no gradient goes."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from trainer.config import RunConfig
from trainer.nets.net import Net, build
from trainer.update import autograd
from trainer.update.reading import QUIET, Task

IMAGE, CLASSES = (8, 8, 1), 4
CHANNELS = "4, 4, 4, 8s2, 8, 8, 8"


def make(**changes: object) -> Net:
    config = RunConfig.model_validate(
        {
            "architecture": {"kind": "conv", "channels": CHANNELS, "bias": False, "shortcuts": "add_concat"},
            "label_code": {"kind": "none"},
            "competitors": {"kind": "classes"},
            "goodness": {"kind": "groups", "power": 1},
            "objective": {"kind": "cross_entropy"},
            "normalisation": {"input": {"kind": "layer"}, "handover": {"kind": "group"}},
            "readout": {"kind": "sum"},
            **changes,
        }
    )
    net = build(config, IMAGE, CLASSES, 1.0, torch.Generator().manual_seed(1))
    for layer in net.layers:
        layer.wake()
    return net


def images() -> torch.Tensor:
    return torch.rand(3, 64, generator=torch.Generator().manual_seed(2))


def deeper(net: Net, x: torch.Tensor) -> list[torch.Tensor]:
    """Activities of all layers, in twos after the first: added at the end of the second two, concatenated after one."""
    x = F.layer_norm(x.view(-1, 1, 8, 8), (1, 8, 8))
    kept, found = x, []
    for number, layer in enumerate(net.layers):
        a = F.conv2d(x, layer.w["weight"], None, 2 if number == 3 else 1, 1).relu()
        found.append(a)
        x = F.group_norm(a, CLASSES)
        if number in (2, 4):
            kept = F.avg_pool2d(kept, 2) if kept.shape[2] > x.shape[2] else kept
            if x.shape[1] == net.layers[number + 1].block.inputs[0]:
                x = x + kept
            else:
                parts = [t.unflatten(1, (CLASSES, -1)) for t in (x, kept)]
                x = torch.cat(parts, 2).flatten(1, 2)
        if number in (0, 2, 4):
            kept = x
    return found


def test_a_net_with_shortcuts_in_plain_torch():
    net = make()
    wanted = deeper(net, images())
    got = [h for _, h in net.climb(net.coder.plain(images()))]
    assert [layer.block.inputs[0] for layer in net.layers] == [1, 4, 4, 8, 8, 8, 8]
    for mine, plain in zip(got, wanted, strict=True):
        assert torch.allclose(mine, plain, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("scope", ["layer", "pair", "whole"])
def test_training_sees_what_reading_sees(scope):
    net = make()
    task = Task(net.layers[0].rules.competitors, torch.tensor([0, 1, 2]), 3)
    reach = {"layer": range(7), "pair": [0, 0, 1, 2, 3, 4, 5], "whole": [0] * 7}[scope]
    passes = autograd.spans(net.layers, list(reach), net.coder.plain(images()), task, noises=[QUIET] * 7)
    for (_, reading, h), (_, wanted) in zip(passes, net.climb(net.coder.plain(images())), strict=True):
        assert reading is not None
        assert torch.allclose(h, wanted, rtol=1e-5, atol=1e-5)


def test_no_gradient_takes_a_shortcut():
    """Layer 4's loss, sent down by two layers, moves layers 3 and 4; what came past them by the shortcut stays."""
    net = make()
    task = Task(net.layers[0].rules.competitors, torch.tensor([0, 1, 2]), 3)
    reach = [None, None, None, 2, None, None, None]
    list(autograd.spans(net.layers, reach, net.coder.plain(images()), task, noises=[QUIET] * 7))
    moved = [bool(layer.buffer.grad.any()) for layer in net.layers]
    assert moved == [False, False, True, True, False, False, False]


@pytest.mark.parametrize("places", [(3, 4), (6, 2), (3, 2)])
def test_a_shortcut_is_averaged_to_the_places_of_what_it_meets(places):
    block = next(layer.block for layer in make().layers if layer.block.join == "add")
    x, shortcut = torch.rand(2, 8, *places), torch.rand(2, 8, 6, 4)
    down, across = 6 // places[0], 4 // places[1]
    assert torch.allclose(block.joined(x, shortcut), x + F.avg_pool2d(shortcut, (down, across)))

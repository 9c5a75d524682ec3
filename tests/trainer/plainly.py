"""A small net in float64, and the same net said plainly: what values of the axes are compared with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from trainer.axes.competitors import AnyCompetitors, Classes
from trainer.config import RunConfig, compose, parse
from trainer.nets.net import Net, build
from trainer.nets.rows import Rows
from trainer.update import autograd, closed_form
from trainer.update.reading import QUIET, Task

PIXELS, CLASSES, IMAGES, RATE = 14, 4, 6, 0.1
STRENGTH = 1.5
SGD = {"kind": "sgd", "lr": RATE, "momentum": 0.0}


def made(changes: dict[str, Any] | None = None, hidden: Sequence[int] = (8, 12)) -> tuple[RunConfig, Net]:
    """A net that is ready to learn by plain gradient descent."""
    base = {"architecture.hidden": list(hidden), "optimiser": SGD}
    config = parse(compose(None, None, {**base, **(changes or {})}))
    net = build(config, (1, PIXELS, 1), CLASSES, STRENGTH, torch.Generator().manual_seed(3))
    for layer in net.layers:
        layer.wake()
    return config, net


def images() -> tuple[Tensor, Tensor]:
    """Images (B, PIXELS) and labels (B,); every class is there, one twice."""
    rng = torch.Generator().manual_seed(5)
    return torch.rand(IMAGES, PIXELS, generator=rng), torch.arange(IMAGES) % CLASSES


def asked(net: Net, rule: AnyCompetitors, labels: Tensor | None = None) -> tuple[Rows, Task]:
    """The images as rows, under the true and other labels (J - 1, B), or without a label."""
    x, y = images()
    if isinstance(rule, Classes):
        return net.coder.plain(x), Task(rule, y, IMAGES)
    assert labels is not None
    return net.coder.labelled(x, torch.cat([y[None], labels])), Task(rule, y, IMAGES)


def learn(net: Net, layer: int, rows: Rows, task: Task) -> None:
    """One step of one layer alone."""
    mine = net.layers[layer]
    way = closed_form if mine.closed else autograd
    way.forward(mine, net.below(rows, layer), task)[1]()
    mine.optimise(1.0)


def learn_together(
    config: RunConfig, net: Net, rows: Rows, task: Task, reach: Sequence[int | None] | None = None
) -> None:
    """One step of all layers, their losses going as far as the scope says."""
    reach = reach or [config.reach(layer) for layer in range(len(net.layers))]
    list(autograd.spans(net.layers, reach, rows, task, noises=[QUIET] * len(net.layers)))
    for layer in net.layers:
        layer.optimise(1.0)


# -- the same, as a reader of the papers would write it


def rms(x: Tensor) -> Tensor:
    """Rows of root mean square 1."""
    return x / (x.square().mean(1, keepdim=True).sqrt() + 1e-6)


def overlaid(x: Tensor, y: Tensor) -> Tensor:
    """Images with the one-hot label in their first pixels, normalised."""
    coded = x.clone()
    for row, label in zip(coded, y, strict=True):
        row[:CLASSES] = 0
        row[label] = STRENGTH
    return rms(coded)


def weights(net: Net) -> list[tuple[Tensor, Tensor]]:
    """Copies of every layer's weight and bias that gradients can be asked for."""
    found = [(layer.w["weight"], layer.w["bias"]) for layer in net.layers]
    return [(w.clone().requires_grad_(), b.clone().requires_grad_()) for w, b in found]


def climb(
    x: Tensor, layers: Sequence[tuple[Tensor, Tensor]], cut: Callable[[int], bool] = lambda n: True
) -> list[Tensor]:
    """Activities of every layer; before layer n (from 0) nothing flows back where `cut`."""
    found = []
    for number, (weight, bias) in enumerate(layers):
        x = rms(found[-1]) if found else x
        x = x.detach() if cut(number) else x
        found.append((x @ weight.T + bias).relu())
    return found


def moved(parameter: Tensor, loss: Tensor) -> Tensor:
    """The parameter after one step of gradient descent on `loss`."""
    (slope,) = torch.autograd.grad(loss, parameter, retain_graph=True)
    return parameter - RATE * slope


def near(a: Tensor, b: Tensor) -> bool:
    return torch.allclose(a, b, rtol=1e-9, atol=1e-12)

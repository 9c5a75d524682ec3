"""A multilayer perceptron built from a config."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Generator, Tensor

from trainer.axes.normalisation import AnyNorm
from trainer.nets.layer import Layer, Rules
from trainer.nets.rows import Coder, Plain, Rows

if TYPE_CHECKING:
    from trainer.config import RunConfig


@dataclass(frozen=True)
class Net:
    """Layers from the pixels up, how images become rows, and how one layer's activity reaches the next."""

    layers: list[Layer]
    coder: Coder
    handover: AnyNorm

    def hand_over(self, h: Tensor) -> Plain:
        """What the next layer gets of a layer's activity."""
        return Plain(self.handover.apply(h))

    def climb(self, rows: Rows, upto: int | None = None) -> Iterator[tuple[Layer, Tensor]]:
        """Each layer with its activity h (R, H), from the first up to number `upto` (from 0; None: all)."""
        for layer in self.layers[:upto]:
            h = layer.activity(rows)
            yield layer, h
            rows = self.hand_over(h)

    def below(self, rows: Rows, layer: int) -> Rows:
        """What layer number `layer` (from 0) gets in training when `rows` enter the net."""
        for under in self.layers[:layer]:
            rows = self.hand_over(under.activity(rows, under.rules.precision))
        return rows


def build(config: RunConfig, inputs: int, classes: int, strength: float, rng: Generator) -> Net:
    """A net for images of `inputs` numbers and `classes` classes; weights drawn from `rng`, on its device.

    `strength` is the label's value in the input, "max" resolved.
    """
    coder = Coder(config.label_code, config.normalisation.input, classes, strength)
    sizes = config.architecture.sizes(config.label_code.width(inputs, classes))
    layers = [_layer(config, index, sizes, classes, rng) for index in range(len(sizes))]
    return Net(layers, coder, config.normalisation.handover)


def _layer(config: RunConfig, index: int, sizes: list[tuple[int, int]], classes: int, rng: Generator) -> Layer:
    fan_in, width = sizes[index]
    weight = torch.empty(width, fan_in, device=rng.device)
    bias = torch.empty(width, device=rng.device)
    config.init.fill(weight, bias, rng)
    reads = config.scope.has_loss(index, len(sizes))
    p = config.goodness.init(width, classes, rng) if reads else {}
    return Layer(index, _rules(config, index), weight, bias, p, reads=reads)


def _rules(config: RunConfig, index: int) -> Rules:
    settings = config.at(index + 1)
    return Rules(
        goodness=config.goodness,
        objective=settings.objective,
        optimiser=settings.optimiser,
        activation=config.activation,
        before=config.normalisation.before,
        precision=config.precision,
        weight_decay=config.regulariser.weight_decay,
        peer=config.regulariser.peer,
        frozen=settings.frozen,
    )

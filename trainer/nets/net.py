"""A net built from a config: layers from the pixels up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from torch import Generator, Tensor

from trainer.blocks.base import Block
from trainer.nets.coder import Coder, image_shape
from trainer.nets.layer import Layer, Rules, named
from trainer.nets.rows import Rows

if TYPE_CHECKING:
    from trainer.config import RunConfig


@dataclass(frozen=True)
class Net:
    """Layers from the pixels up, and how images become rows."""

    layers: list[Layer]
    coder: Coder

    def climb(self, rows: Rows, upto: int | None = None) -> Iterator[tuple[Layer, Tensor]]:
        """Each layer with its activity h (R, …), from the first up to number `upto` (from 0; None: all)."""
        for layer in self.layers[:upto]:
            h = layer.activity(rows)
            yield layer, h
            rows = layer.hand_over(rows, h)

    def below(self, rows: Rows, layer: int) -> Rows:
        """What layer number `layer` (from 0) gets in training when `rows` enter the net."""
        for under in self.layers[:layer]:
            rows = under.hand_over(rows, under.activity(rows, under.rules.precision))
        return rows


def build(config: RunConfig, image: tuple[int, int, int], classes: int, strength: float, rng: Generator) -> Net:
    """A net for images of shape (H, W, C) and `classes` classes; weights drawn from `rng`, on its device.

    `strength` is the label's value in the input, "max" resolved.
    """
    flat = config.architecture.flat
    shape, code = image_shape(image, flat=flat), config.label_code
    blocks = config.architecture.blocks(code.shape(shape, classes), classes)
    layers = [_layer(config, index, block, classes, rng) for index, block in enumerate(blocks)]
    table = code.table(shape, classes, rng)
    if code.learns:
        layers[0] = _layer_with(layers[0], table)
        table = layers[0].buffer.values["code.table"]
    return Net(layers, Coder(code, classes, strength, image, flat, table))


def _layer(config: RunConfig, index: int, block: Block, classes: int, rng: Generator) -> Layer:
    weights = block.draw(config.init, rng)
    rules, reads = _rules(config, index, classes), config.reach(index) is not None
    p = rules.goodness.init(block.outputs, classes, rng) if reads else {}
    return Layer(index, rules, block, named("w", weights), p, device=rng.device, reads=reads)


def _layer_with(layer: Layer, table: Tensor) -> Layer:
    """The same layer with the label code's table among what it learns."""
    learned = named("w", layer.w) | {"code.table": table}
    return Layer(layer.index, layer.rules, layer.block, learned, layer.p, device=table.device, reads=layer.reads)


def _rules(config: RunConfig, index: int, classes: int) -> Rules:
    settings = config.at(index + 1)
    inlet = config.normalisation.handover if index else config.normalisation.input
    return Rules(
        competitors=settings.competitors,
        goodness=settings.goodness.bound(classes),
        objective=settings.objective,
        optimiser=settings.optimiser,
        activation=config.activation,
        inlet=inlet.bound(classes),
        before=config.normalisation.before.bound(classes),
        precision=config.precision,
        weight_decay=config.regulariser.weight_decay,
        peer=config.regulariser.peer,
        window=settings.window,
        frozen=settings.frozen,
    )

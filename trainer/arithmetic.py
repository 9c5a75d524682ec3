"""Multiplications and additions of a run, counted by matrix product in plain integers. Imports no torch.

Counted as the code computes: candidates of an image share the first layer's product of the image's columns, the
gradient of a layer's input exists only where the scope reaches through it. Passes over single elements are left out
(they are a few per cent of the whole at these widths).
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from trainer.axes.label_code import numbers as code_numbers
from trainer.axes.readout import AnyHead
from trainer.axes.scope import runs
from trainer.blocks import course
from trainer.blocks.base import Block, Shape
from trainer.blocks.dense import Dense

if TYPE_CHECKING:
    from trainer.axes.schedule import Phase
    from trainer.config import RunConfig
    from trainer.data.family import DataInfo


class Shapes:
    """A net by numbers: its blocks, the classes, and how much of the first layer's input is the label's."""

    def __init__(self, config: RunConfig, info: DataInfo) -> None:
        architecture, code = config.architecture, config.label_code
        image: Shape = architecture.form.shape(info.shape)
        self.classes = info.classes
        self.blocks: list[Block] = architecture.blocks(code.shape(image, info.classes), info.classes, info.shape)
        self.label = prod(code.entry(image, info.classes)) if code.carries_label else 0
        """Numbers of the first layer's input that are the label's."""
        self.table = code_numbers(code, image, info.classes)
        """Numbers of the label code's table."""
        self.shares = self.label > 0 and isinstance(self.blocks[0], Dense)
        """Whether the candidates of an image share the first layer's product of the image."""
        self.turns = course.sides(architecture.course, len(self.blocks))
        """Of each layer, its turns in a pass that see something (below, above)."""
        self.readings = course.readings(architecture.course)
        """How often each layer is read in a pass."""
        self.visits = sum(visit.layer == 0 for visit in architecture.course)
        """How often each layer is computed in a pass."""
        self.states = 3 if architecture.top_down else 0
        """Copies of every layer's activity that stay through a pass: its state, that scaled, the new activity."""

    def product(self, layer: int, rows: int) -> int:
        """Flops of layer `layer` (from 0) for one image in `rows` readings."""
        block = self.blocks[layer]
        if layer == 0 and self.shares:
            outputs = prod(block.outputs)
            return 2 * outputs * (prod(block.inputs) - self.label) + 2 * outputs * rows
        return 2 * block.work(rows, self.turns[layer])

    def weight_gradient(self, layer: int, rows: int) -> int:
        """Flops of the gradient of layer `layer`'s weights, likewise."""
        block = self.blocks[layer]
        if layer == 0 and self.shares:
            outputs = prod(block.outputs)
            shared = 2 * outputs * (prod(block.inputs) - self.label)
            return shared + outputs * rows + 2 * outputs * self.label * rows
        return 2 * block.back_work(rows, (self.readings, self.readings))


def _goodness(config: RunConfig, net: Shapes, layer: int, rows: int, *, learning: bool) -> int:
    """Flops of reading a layer's goodness, and of the derivative where it learns: by its own parameters."""
    goodness = config.at(layer + 1).goodness
    times = (3 if goodness.learns else 2) if learning else 1
    heads = config.at(layer + 1).objective.numbers(net.blocks[layer].outputs) * 3 if learning else 0
    numbers = goodness.numbers(net.blocks[layer].outputs, net.classes) * times + heads
    return 2 * numbers * rows * net.readings


def _judges(config: RunConfig, phase: Phase) -> int:
    """How many layers, from the first, read every label so that hard competitors can be drawn."""
    judges = [config.at(layer + 1).competitors.judge for layer in phase.layers]
    return max(({"first": 1, "all": max(phase.layers) + 1}.get(judge or "", 0) for judge in judges), default=0)


def _head(config: RunConfig, net: Shapes) -> int:
    """Flops of a head's step for one image: the net in one pass, and its own softmax forward and back."""
    from trainer.blocks import features

    assert isinstance(config.readout, AnyHead)
    reads = [layer for made in config.readout.softmaxes(config.depth).values() for each in made for layer in each]
    passes = sum(net.product(layer, 1) for layer in range(max(reads) + 1))
    pool = config.readout.pool
    return passes + sum(4 * features.width(net.blocks[layer].outputs, pool) * net.classes for layer in reads)


def _studies(config: RunConfig, phase: Phase) -> bool:
    """Whether a head learns in `phase`."""
    return config.readout.learns and (getattr(config.readout, "epochs", None) is None or not phase.layers)


def phase_flops(config: RunConfig, info: DataInfo, phase: Phase) -> int:
    """Flops for each image drawn in `phase`: draws of competitors, forward, gradients; evaluation is apart."""
    net = Shapes(config, info)
    total = _head(config, net) if _studies(config, phase) else 0
    if not phase.layers:
        return total
    total += sum(net.product(layer, net.classes) for layer in range(_judges(config, phase)))
    for layer in range(max(phase.layers) + 1):
        total += _layer(config, net, phase, layer)
    return total + sum(net.product(layer, _passes(config, net, layer)) for layer in range(_heard(config, phase)))


def _heard(config: RunConfig, phase: Phase) -> int:
    """How many layers, from the first, are read before the step because others hear them."""
    top = max(phase.layers)
    return max((other + 1 for layer in phase.layers for other in config.context.others(layer, top + 1)), default=0)


def _layer(config: RunConfig, net: Shapes, phase: Phase, layer: int) -> int:
    """Flops of one layer in a step, for one image: forward, its own loss, the gradients that pass."""
    settings, learns = config.at(layer + 1), layer in phase.layers
    rows = config.at(max(phase.layers) + 1 if not learns else layer + 1).competitors.passes(net.classes)
    joined = not settings.scope.local  # autograd sees the rows written out
    forward = 2 * net.blocks[layer].products() * rows if joined else net.product(layer, rows)
    total = forward
    if not learns:
        return total
    if config.reach(layer) is not None:
        total += _goodness(config, net, layer, rows, learning=True)
    times = sum(1 for depth in _depths(config, layer) if depth <= layer)
    if not settings.frozen and times:
        joint = 2 * net.blocks[layer].back_work(rows, (1, 1))
        total += times * (joint if joined else net.weight_gradient(layer, rows))
    if getattr(settings.scope, "recompute", False) and layer < runs(max(phase.layers) + 1)[-1].start:
        total += forward
    if layer < max(phase.layers) and getattr(config.schedule, "activities", "before") == "after":
        total += net.product(layer, rows)
    return total + sum(forward for depth in _depths(config, layer) if depth < layer and _moves(config, depth, layer))


def _depths(config: RunConfig, layer: int) -> set[int]:
    """How deep the losses on `layer` or above it go that pass it: each depth is one way back."""
    found = ((above, config.reach(above)) for above in range(layer, config.depth))
    return {depth for _, depth in found if depth is not None and depth <= layer}


def _moves(config: RunConfig, depth: int, layer: int) -> bool:
    """Whether anything between `depth` and `layer` learns from what passes `layer`."""
    return any(not config.at(below + 1).frozen for below in range(depth, layer))


def phase_numbers(config: RunConfig, info: DataInfo, phase: Phase) -> tuple[int, int]:
    """Activities computed for each image drawn in `phase`: (of layers that learn, of layers that are only read)."""
    net = Shapes(config, info)
    widths = [block.widest for block in net.blocks]
    read = sum(widths[: max(config.readout.reads(config.depth)) + 1]) * net.visits if _studies(config, phase) else 0
    if not phase.layers:
        return 0, read
    learnt = sum(widths[layer] * _passes(config, net, layer) for layer in phase.layers)
    top = max(phase.layers)
    below = sum(widths[layer] for layer in range(top + 1) if layer not in phase.layers) * _passes(config, net, top)
    judged = net.classes * sum(widths[: _judges(config, phase)]) * net.visits
    return learnt * net.readings, read + below + judged + learnt * (net.visits - net.readings)


def _passes(config: RunConfig, net: Shapes, layer: int) -> int:
    return config.at(layer + 1).competitors.passes(net.classes)


def reading_numbers(config: RunConfig, info: DataInfo) -> int:
    """Activities computed to read one image's answer."""
    net = Shapes(config, info)
    return reading_rows(config, net) * sum(block.widest for block in net.blocks) * net.visits


def reading_rows(config: RunConfig, net: Shapes) -> int:
    """Passes of one image that its answer takes: one for each label that is tried."""
    tried = min(net.classes, getattr(config.readout, "shortlist", None) or net.classes)
    return tried if net.label and config.goodness.gives == "reading" else 1


def reading_flops(config: RunConfig, info: DataInfo) -> int:
    """Flops of reading one image's answer: a sweep over all labels where the label is in the input, else one pass."""
    net = Shapes(config, info)
    rows, layers = reading_rows(config, net), range(len(net.blocks))
    return sum(net.product(layer, rows) + _goodness(config, net, layer, rows, learning=False) for layer in layers)

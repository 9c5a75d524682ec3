"""Multiplications and additions of a run, counted by matrix product in plain integers. Imports no torch.

Counted as the code computes: candidates of an image share the first layer's product of the image's columns, the
gradient of a layer's input exists only where the scope reaches through it. Passes over single elements are left out
(they are a few per cent of the whole at these widths).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trainer.axes.schedule import Phase
    from trainer.config import RunConfig
    from trainer.data.family import DataInfo


@dataclass(frozen=True)
class Shape:
    """A net by numbers: (inputs, outputs) of each layer, the classes, and how much of the input is the label's."""

    sizes: tuple[tuple[int, int], ...]
    classes: int
    label: int
    """Columns of the label in the input; 0 where it is not there."""


def shape(config: RunConfig, info: DataInfo) -> Shape:
    """The shape of the net that `config` builds for images of `info`."""
    height, width, channels = info.shape
    inputs = height * width * channels
    coded = config.label_code.width(inputs, info.classes)
    label = config.label_code.columns(inputs, info.classes)[0]
    return Shape(tuple(config.architecture.sizes(coded)), info.classes, label.stop - label.start)


def product(net: Shape, layer: int, rows: int) -> int:
    """Flops of layer `layer` (from 0) for one image in `rows` readings; all its labels share the image's columns."""
    inputs, outputs = net.sizes[layer]
    if layer == 0 and net.label:
        return 2 * outputs * (inputs - net.label) + 2 * outputs * rows
    return 2 * inputs * outputs * rows


def _weight_gradient(net: Shape, layer: int, rows: int) -> int:
    inputs, outputs = net.sizes[layer]
    if layer == 0 and net.label:
        return 2 * outputs * (inputs - net.label) + outputs * rows + 2 * outputs * net.label * rows
    return 2 * inputs * outputs * rows


def _goodness(config: RunConfig, net: Shape, layer: int, rows: int, *, learning: bool) -> int:
    """Flops of reading a layer's goodness, and of the derivative where it learns: by its own parameters."""
    numbers = config.goodness.numbers(net.sizes[layer][1], net.classes)
    times = (3 if config.goodness.learns else 2) if learning else 1
    return 2 * numbers * rows * times


def _judges(config: RunConfig, layers: int) -> int:
    """How many of the first `layers` layers read every label so that hard competitors can be drawn."""
    return {"first": 1, "all": layers}.get(getattr(config.competitors, "source", ""), 0)


def _judging(config: RunConfig, net: Shape, layers: int) -> int:
    return sum(product(net, layer, net.classes) for layer in range(_judges(config, layers)))


def phase_flops(config: RunConfig, info: DataInfo, phase: Phase) -> int:
    """Flops for each image drawn in `phase`: draws of competitors, forward, gradients; evaluation is apart."""
    net, rows = shape(config, info), config.competitors.rows()
    top = max(phase.layers)
    total = _judging(config, net, top + 1)
    if not config.scope.local:
        net = replace(net, label=0)  # autograd sees the rows written out
    for layer in range(top + 1):
        learns = layer in phase.layers
        reads = config.scope.has_loss(layer, len(net.sizes))
        total += product(net, layer, rows)
        if learns and reads:
            total += _goodness(config, net, layer, rows, learning=True)
        if learns and not config.at(layer + 1).frozen:
            total += _weight_gradient(net, layer, rows)
        if learns and layer < top and getattr(config.schedule, "activities", "before") == "after":
            total += product(net, layer, rows)
        if not config.scope.local and any(not config.at(below).frozen for below in range(1, layer + 1)):
            total += product(net, layer, rows)  # the gradient of its input, for the layers below
    return total


def phase_numbers(config: RunConfig, info: DataInfo, phase: Phase) -> tuple[int, int]:
    """Activities computed for each image drawn in `phase`: (of layers that learn, of layers that are only read)."""
    net, rows = shape(config, info), config.competitors.rows()
    widths = [outputs for _, outputs in net.sizes]
    learnt = sum(widths[layer] for layer in phase.layers)
    below = sum(widths[: max(phase.layers) + 1]) - learnt
    judged = sum(widths[: _judges(config, max(phase.layers) + 1)])
    return rows * learnt, rows * below + net.classes * judged


def reading_numbers(config: RunConfig, info: DataInfo) -> int:
    """Activities computed to read one image's answer."""
    net = shape(config, info)
    return (net.classes if net.label else 1) * sum(outputs for _, outputs in net.sizes)


def reading_flops(config: RunConfig, info: DataInfo) -> int:
    """Flops of reading one image's answer: a sweep over all labels where the label is in the input, else one pass."""
    net = shape(config, info)
    rows = net.classes if net.label else 1
    layers = range(len(net.sizes))
    return sum(product(net, layer, rows) + _goodness(config, net, layer, rows, learning=False) for layer in layers)

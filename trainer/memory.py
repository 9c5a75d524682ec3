"""Bytes by layer: weights, gradients, optimiser state, activations kept in a step."""

from __future__ import annotations

from math import prod
from typing import Literal

from trainer.nets.layer import Layer
from trainer.nets.net import Net

LayerMemory = dict[Literal["weights", "gradients", "optimiser", "activations"], int]
"""Bytes of each part."""


def by_layer(net: Net, batch_size: int, *, whole: bool) -> list[LayerMemory]:
    """What each layer holds now, measured on its tensors; activities from the rows of a step.

    A layer that learns alone holds activity and its derivative for one piece of the batch; where a gradient joins
    layers (`whole`) each layer's activity, and the scaled copy it hands over, wait for the way back. A layer that is
    not learning holds none.
    """
    images = min(batch_size, net.piece)
    return [
        _layer(layer, images * layer.rules.competitors.passes(net.coder.classes), whole=whole) for layer in net.layers
    ]


def _layer(layer: Layer, rows: int, *, whole: bool) -> LayerMemory:
    copies = layer.rules.inlet.kind != "none"
    kept = (1 + copies) if whole else 2 + copies
    activity = rows * prod(layer.block.outputs) * layer.buffer.flat.element_size()
    return {
        "weights": layer.buffer.flat.nbytes + sum(value.nbytes for value in layer.fixed.values()),
        "gradients": layer.buffer.grad.nbytes,
        "optimiser": sum(value.nbytes for value in layer.state.values()),
        "activations": activity * kept if layer.awake else 0,
    }

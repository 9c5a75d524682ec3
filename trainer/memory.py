"""Bytes by layer: weights, gradients, optimiser state, activations kept in a step."""

from __future__ import annotations

from typing import Literal

from trainer.batches import PIECE
from trainer.nets.layer import Layer
from trainer.nets.mlp import Net

LayerMemory = dict[Literal["weights", "gradients", "optimiser", "activations"], int]
"""Bytes of each part."""


def by_layer(net: Net, batch_size: int, passes: int, *, whole: bool) -> list[LayerMemory]:
    """What each layer holds now, measured on its tensors; activities from the rows of a step.

    `passes`: rows of each image in a step. A layer that learns alone holds activity and its derivative for one piece of
    the batch; under backprop (`whole`) each layer's activity, and the scaled copy it hands over, wait for the way back.
    A layer that is not learning holds none.
    """
    rows = min(batch_size, PIECE) * passes
    return [_layer(layer, rows, whole=whole, copies=net.handover.removes_length) for layer in net.layers]


def _layer(layer: Layer, rows: int, *, whole: bool, copies: bool) -> LayerMemory:
    size = layer.weight.element_size()
    kept = (1 + copies) if whole else 2 + copies
    learning = layer.buffer.grad.numel() > 0
    frozen = sum(value.nbytes for name, value in layer.p.items() if f"p.{name}" not in layer.buffer.values)
    return {
        "weights": layer.buffer.flat.nbytes + frozen,
        "gradients": layer.buffer.grad.nbytes,
        "optimiser": sum(value.nbytes for value in layer.state.values()),
        "activations": rows * layer.weight.shape[0] * size * kept if learning else 0,
    }

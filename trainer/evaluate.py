"""What the net answers: class scores of every layer, in pieces of bounded size.

With a label code every label is tried in the input: the label sweep. All labels share layer 1's product, and the
accuracy of each layer alone is a by-product.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from trainer.axes.readout import AnyReadout
from trainer.nets.mlp import Net
from trainer.nets.rows import Rows

BUDGET = 48 * 2**20  # bytes of activities alive at once


@dataclass(frozen=True)
class Judgement:
    """Scores of N images and what they come to."""

    scores: dict[int, Tensor]
    """By layer (from 0), (N, K): the layer's own reading of every label."""
    total: Tensor
    """(N, K): what the readout makes of them."""
    y: Tensor
    """(N,)."""

    @property
    def accuracy(self) -> float:
        return _accuracy(self.total, self.y)

    def layer_accuracy(self) -> dict[int, float]:
        """Share of right answers from each layer alone, by layer from 0."""
        return {layer: _accuracy(scores, self.y) for layer, scores in self.scores.items()}


def _accuracy(scores: Tensor, y: Tensor) -> float:
    return float((scores.argmax(1) == y).double().mean())


def images_at_once(net: Net) -> int:
    """How many images may be in flight: activity and handed-over copy of two neighbouring layers, for all labels."""
    passes = net.coder.classes if net.coder.code.carries_label else 1
    widest = max(sum(layer.weight.shape) for layer in net.layers)
    return max(1, BUDGET // (passes * widest * 2 * net.layers[0].weight.element_size()))


@torch.no_grad()
def judge(
    net: Net, readout: AnyReadout, images: tuple[Tensor, Tensor], trained: int, tick: Callable[[], None] = lambda: None
) -> Judgement:
    """Scores of `images`, rows (N, ...) and labels (N,), by the first `trained` layers: the rest know nothing yet.

    `tick` is called before each piece and may raise to end it.
    """
    x, y = images
    scores: dict[int, Tensor] = {}
    for first in range(0, len(x), at_once := images_at_once(net)):
        tick()
        part = slice(first, first + at_once)
        for layer, piece in _scores(net, x[part].flatten(1), trained).items():
            if layer not in scores:  # made once: small tensors kept from every piece would tear holes into the heap
                scores[layer] = piece.new_empty(len(x), piece.shape[1])
            scores[layer][part] = piece
    reads = [layer for layer in readout.reads(len(net.layers)) if layer < trained] or [trained - 1]
    return Judgement(scores, torch.stack([scores[layer] for layer in reads]).sum(0), y)


def _scores(net: Net, x: Tensor, trained: int) -> dict[int, Tensor]:
    """Each reading layer's scores (B, K) of images x (B, D)."""
    if not net.coder.code.carries_label:
        rows: Rows = net.coder.plain(x)
        return {layer.index: layer.scores(h) for layer, h in net.climb(rows, trained) if layer.reads}
    labels = net.coder.classes
    rows = net.coder.every_label(x)
    return {layer.index: layer.scores(h).view(labels, -1).T for layer, h in net.climb(rows, trained) if layer.reads}

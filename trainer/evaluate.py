"""What the net answers: class scores of every layer, in pieces of bounded size.

With a label code every label is tried in the input: the label sweep. All labels share layer 1's product, and the
accuracy of each layer alone is a by-product.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from math import prod

import torch
from torch import Tensor

from trainer.axes.readout import AnyReadout
from trainer.nets.head import Head
from trainer.nets.net import Net
from trainer.rivals import label_scores

BUDGET = 48 * 2**20  # bytes of activities alive at once


Scores = dict[int, Tensor]
"""By layer (from 0), (N, K)."""


@dataclass(frozen=True)
class Judgement:
    """Scores of N images and what they come to."""

    scores: Scores
    """The layers' own readings of every label."""
    total: Tensor
    """(N, K): what the readout makes of them."""
    y: Tensor
    """(N,)."""
    swept: Tensor | None = None
    """(N, K): the label sweep's sum over the layers, where a head answers instead."""
    probes: Scores = field(default_factory=dict)
    """Log-probabilities by a softmax on each layer alone."""

    def over(self, layers: Sequence[int]) -> Judgement:
        """The same answered by the sum of these layers' scores."""
        return replace(self, total=torch.stack([self.scores[layer] for layer in layers]).sum(0))

    @property
    def accuracy(self) -> float:
        return _accuracy(self.total, self.y)

    def layer_accuracy(self) -> dict[int, float]:
        """Share of right answers from each layer alone, by layer from 0."""
        return {layer: _accuracy(scores, self.y) for layer, scores in self.scores.items()}

    def probe_accuracy(self) -> dict[int, float]:
        """Share of right answers by a probe of each layer, by layer from 0."""
        return {layer: _accuracy(scores, self.y) for layer, scores in self.probes.items()}

    @property
    def sweep_accuracy(self) -> float | None:
        """Share of right answers by the label sweep, where a head answers instead."""
        return None if self.swept is None else _accuracy(self.swept, self.y)

    @property
    def perplexity(self) -> float:
        """exp of the mean −log p of the true label, by softmax over the total; a head's total are log-probabilities."""
        return float(torch.nn.functional.cross_entropy(self.total.double(), self.y).exp())


def _accuracy(scores: Tensor, y: Tensor) -> float:
    return float((scores.argmax(1) == y).double().mean())


def images_at_once(net: Net) -> int:
    """How many images may be in flight: activity and handed-over copy of two neighbouring layers, for all labels."""
    passes = net.coder.classes if net.coder.code.carries_label else 1
    widest = max(prod(layer.block.inputs) + layer.block.widest for layer in net.layers)
    return max(1, BUDGET // (passes * widest * 2 * net.layers[0].buffer.flat.element_size()))


@torch.no_grad()
def judge(
    net: Net,
    readout: AnyReadout,
    head: Head | None,
    images: tuple[Tensor, Tensor],
    *,
    trained: int,
    tick: Callable[[], None] = lambda: None,
    sweep: bool = True,
) -> Judgement:
    """Answers to `images`, rows (N, ...) and labels (N,), by the first `trained` layers: the rest know nothing yet.

    Without `sweep` the layers' own readings are left out where a head answers: one pass instead of one a label. `tick`
    is called before each piece and may raise to end it.
    """
    x, y = images
    answers = _Answers(len(x))
    for first in range(0, len(x), at_once := images_at_once(net)):
        tick()
        part = slice(first, first + at_once)
        piece = x[part].flatten(1)
        for layer, scores in _scores(net, piece, trained) if sweep or not head else ():
            answers.put("own", layer, part, scores)
        if head:
            total, probes = head.answers(piece)
            answers.put("head", -1, part, total)
            for layer, logs in probes.items():
                answers.put("probe", layer, part, logs)
    return _judgement(answers, readout, len(net.layers), trained, y)


class _Answers:
    """Scores (N, K) by kind and layer, each made once: small tensors kept from every piece would tear holes into the
    heap."""

    def __init__(self, images: int) -> None:
        self._images = images
        self._found: dict[str, Scores] = {"own": {}, "head": {}, "probe": {}}

    def put(self, kind: str, layer: int, part: slice, scores: Tensor) -> None:
        """Scores (B, K) of the images of `part`; those of a layer that is read several times add up."""
        found = self._found[kind]
        if layer not in found:
            found[layer] = scores.new_zeros(self._images, scores.shape[1])
        found[layer][part] += scores

    def of(self, kind: str) -> Scores:
        """All scores of that kind."""
        return self._found[kind]


def _judgement(answers: _Answers, readout: AnyReadout, layers: int, trained: int, y: Tensor) -> Judgement:
    own, probes = answers.of("own"), answers.of("probe")
    reads = [layer for layer in readout.reads(layers) if layer in own] or list(own)[-1:]
    summed = torch.stack([own[layer] for layer in reads]).sum(0) if reads else None
    if readout.learns:
        return Judgement(own, answers.of("head")[-1], y, summed, probes)
    assert summed is not None  # the schema asks for layers that give scores, or for a head
    return Judgement(own, summed, y)


def _scores(net: Net, x: Tensor, trained: int) -> Iterator[tuple[int, Tensor]]:
    """Each layer's scores (B, K) of images x (B, D): by the label sweep, or in one pass where it gives class scores."""
    given = {layer.index: layer.rules.goodness.gives for layer in net.layers[:trained] if layer.reads}
    swept = [layer for layer, gives in given.items() if gives == "reading" and net.coder.code.carries_label]
    straight = [layer for layer, gives in given.items() if gives == "classes"]
    if swept:
        for layer, h in net.climb(net.coder.every_label(x), max(swept) + 1):
            if layer.index in swept:
                yield layer.index, label_scores(layer.scores(h), net.coder.classes)
    if straight:
        for layer, h in net.climb(net.coder.neutral(x), max(straight) + 1):
            if layer.index in straight:
                yield layer.index, layer.scores(h)

"""What the net answers: class scores of every layer, in pieces of bounded size.

With a label code every label is tried in the input: the label sweep. All labels share layer 1's product, and the
accuracy of each layer alone is a by-product.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from math import prod
from typing import Literal, TypeVar

import torch
from torch import Tensor

from trainer.axes.precision import AnyPrecision
from trainer.axes.readout import AnyChooser, AnyReadout
from trainer.nets.head import Head
from trainer.nets.layer import READING
from trainer.nets.net import Net
from trainer.pieces import READ_AT_ONCE
from trainer.sampler import label_scores

Sweep = Literal["asked", "all", "none"]
"""Which labels the sweep tries beside a head."""
Key = TypeVar("Key", int, str)
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
    heads: dict[str, Tensor] = field(default_factory=dict)
    """(N, K) by each answer that a head gives."""

    def options(self, readout: AnyChooser) -> dict[str, Tensor]:
        """What `readout` may choose from."""
        return readout.options(self.scores, self.heads)

    def best(self, readout: AnyChooser) -> str:
        """The first of those options that are right most often."""
        found = {name: int((total.argmax(1) == self.y).sum()) for name, total in self.options(readout).items()}
        return max(found, key=lambda name: found[name])

    def by(self, readout: AnyChooser, name: str) -> Judgement:
        """The same answered by that option."""
        return replace(self, total=self.options(readout)[name])

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
        return float(torch.nn.functional.cross_entropy(self.total.cpu().double(), self.y.cpu()).exp())


def _accuracy(scores: Tensor, y: Tensor) -> float:
    return int((scores.argmax(1) == y).sum()) / len(y)


def images_at_once(net: Net, tried: int | None = None) -> int:
    """How many images may be in flight: activity and handed-over copy of two neighbouring layers, for all labels tried.

    `tried`: how many labels; None: all.
    """
    passes = (tried or net.coder.classes) if net.coder.code.carries_label else 1
    widest = max(prod(layer.block.inputs) + layer.block.widest for layer in net.layers)
    return max(1, READ_AT_ONCE // (passes * widest * 2 * net.layers[0].buffer.flat.element_size()))


@torch.no_grad()
def judge(
    net: Net,
    readout: AnyReadout,
    head: Head | None,
    images: tuple[Tensor, Tensor],
    *,
    trained: int,
    tick: Callable[[], None] = lambda: None,
    sweep: Sweep = "asked",
    precision: AnyPrecision = READING,
) -> Judgement:
    """Answers to `images`, rows (N, ...) and labels (N,), by the first `trained` layers: the rest know nothing yet.

    Where a head answers, the label sweep beside it tries the labels that the readout asks for, all, or none: one pass
    instead of one a label. The layers' readings are computed in `precision`, a head's in float32. `tick` is called
    before each piece and may raise to end it.
    """
    x, y = images
    answers = _Answers(len(x))
    tried = _shortlist(net, head) if sweep == "asked" else None
    own = head is None or isinstance(readout, AnyChooser) or sweep != "none"
    for first in range(0, len(x), at_once := images_at_once(net, tried)):
        tick()
        part = slice(first, first + at_once)
        piece, likely = x[part].flatten(1), None
        if head:
            totals, probes = head.answers(piece)
            likely = next(iter(totals.values())).topk(tried).indices if tried else None
            for name, total in totals.items():
                answers.put(answers.heads, name, part, total)
            for layer, logs in probes.items():
                answers.put(answers.probes, layer, part, logs)
        for layer, scores in _scores(net, piece, trained, likely, precision) if own else ():
            answers.put(answers.own, layer, part, scores)
    return _judgement(answers, readout, len(net.layers), trained, y)


def _shortlist(net: Net, head: Head | None) -> int | None:
    """How many labels the head chooses for the sweep; None: all are tried."""
    asked = head.rule.shortlist if head else None
    return asked and min(asked, net.coder.classes)


class _Answers:
    """Scores (N, K) by layer or by a head's answer, each made once.

    Small tensors kept from every piece would tear holes into the heap.
    """

    def __init__(self, images: int) -> None:
        self._images = images
        self.own: Scores = {}
        self.probes: Scores = {}
        self.heads: dict[str, Tensor] = {}

    def put(self, found: dict[Key, Tensor], key: Key, part: slice, scores: Tensor) -> None:
        """Scores (B, K) of the images of `part`; those of a layer that is read several times add up."""
        if key not in found:
            found[key] = scores.new_zeros(self._images, scores.shape[1])
        found[key][part] += scores


def _judgement(answers: _Answers, readout: AnyReadout, layers: int, trained: int, y: Tensor) -> Judgement:
    own, heads = answers.own, answers.heads
    reads = [layer for layer in readout.reads(layers) if layer in own] or list(own)[-1:]
    summed = torch.stack([own[layer] for layer in reads]).sum(0) if reads else None
    if readout.learns:
        return Judgement(own, next(iter(heads.values())), y, summed, answers.probes, heads)
    assert summed is not None  # the schema asks for layers that give scores, or for a head
    return Judgement(own, summed, y)


def _scores(
    net: Net, x: Tensor, trained: int, likely: Tensor | None, precision: AnyPrecision
) -> Iterator[tuple[int, Tensor]]:
    """Each layer's scores (B, K) of images x (B, D): by the label sweep, or in one pass where it gives class scores.

    Where the sweep tries only the `likely` labels (B, n), the others' scores are minus infinity.
    """
    given = {layer.index: layer.rules.goodness.gives for layer in net.layers[:trained] if layer.reads}
    swept = [layer for layer, gives in given.items() if gives == "reading" and net.coder.code.carries_label]
    straight = [layer for layer, gives in given.items() if gives == "classes"]
    if swept:
        rows = net.coder.every_label(x) if likely is None else net.coder.labelled(x, likely.T)
        for layer, h in net.climb(rows, max(swept) + 1, precision):
            if layer.index in swept:
                yield layer.index, _of_labels(layer.scores(h), net.coder.classes, likely)
    if straight:
        for layer, h in net.climb(net.coder.neutral(x), max(straight) + 1, precision):
            if layer.index in straight:
                yield layer.index, layer.scores(h)


def _of_labels(scores: Tensor, classes: int, likely: Tensor | None) -> Tensor:
    """Readings of images under the labels that were tried as (B, K)."""
    if likely is None:
        return label_scores(scores, classes)
    found = scores.new_full((len(likely), classes), -torch.inf)
    return found.scatter_(1, likely, label_scores(scores, likely.shape[1]))

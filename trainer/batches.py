"""Images drawn from the device's one tensor, and the labels that compete for them. FF and backprop draw alike."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from trainer.axes.competitors import Classes, HardWrongLabel, WrongLabel
from trainer.axes.data import Augment
from trainer.chance import Stream, generator
from trainer.data.augment import Augmenter
from trainer.nets.mlp import Net
from trainer.nets.rows import Rows
from trainer.plan import Plan, Step
from trainer.update.reading import Task

PIECE = 1000  # images that go through the net at once; fixed, because another split would change the last bits


@dataclass(frozen=True)
class Batch:
    """B images as rows of pixels, their labels, and which of the training images they are."""

    x: Tensor
    y: Tensor
    index: Tensor


@dataclass
class Piece:
    """Part of a batch on its way up the net: the rows that the next layer gets."""

    rows: Rows
    task: Task


class Batches:
    """Draws batches: the order of an epoch depends on seed and epoch alone."""

    def __init__(self, images: Tensor, labels: Tensor, plan: Plan, seed: int, *, augment: Augment = "none") -> None:
        self._y, self._plan, self._seed = labels, plan, seed
        self._x = images.flatten(1)
        self._augmenter = Augmenter(images, augment) if augment != "none" else None
        self._order: tuple[int, Tensor] | None = None

    def draw(self, step: Step, rng: Generator) -> Batch:
        """The images of a step; in an epoch of one step, all of them as they lie."""
        if self._plan.steps_per_epoch == 1:
            index = torch.arange(len(self._y), device=self._y.device)
            x = self._augmenter.draw(index, rng).flatten(1) if self._augmenter else self._x
            return Batch(x, self._y, index)
        index = self._epoch(step.epoch)[self._plan.span(step)]
        x = self._augmenter.draw(index, rng).flatten(1) if self._augmenter else self._x[index]
        return Batch(x, self._y[index], index)

    def _epoch(self, epoch: int) -> Tensor:
        if self._order is None or self._order[0] != epoch:
            device = self._y.device
            rng = generator(device, self._seed, Stream.ORDER, epoch)
            self._order = epoch, torch.randperm(len(self._y), generator=rng, device=device)
        return self._order[1]


class Rivals:
    """Sets the competitors of a batch side by side: positives and negatives, or the images alone."""

    def __init__(self, competitors: WrongLabel | HardWrongLabel | Classes, net: Net, labels: Tensor, seed: int) -> None:
        self._competitors, self._net = competitors, net
        self._classes = net.coder.classes
        self._fixed: Tensor | None = None
        if isinstance(competitors, WrongLabel) and competitors.fixed:
            self._fixed = competitors.draw(labels, self._classes, generator(labels.device, seed, Stream.FIXED_LABELS))

    def pieces(self, batch: Batch, rng: Generator, trained: int) -> Iterator[Piece]:
        """The batch in pieces of at most PIECE images; `trained` layers may judge how hard a label is."""
        for x, y, index in zip(*(torch.split(part, PIECE) for part in (batch.x, batch.y, batch.index)), strict=True):
            yield Piece(self._rows(x, y, index, rng, trained), self._task(y, len(batch.y)))

    def _task(self, y: Tensor, count: int) -> Task:
        return Task(self._competitors, self._competitors.index(y), count)

    def _rows(self, x: Tensor, y: Tensor, index: Tensor, rng: Generator, trained: int) -> Rows:
        match self._competitors:
            case Classes():
                return self._net.coder.plain(x)
            case WrongLabel() as rule:
                wrong = rule.draw(y, self._classes, rng) if self._fixed is None else self._fixed[index]
            case HardWrongLabel() as rule:
                wrong = rule.draw(y, self._goodness(x, 1 if rule.source == "first" else trained), rng)
        return self._net.coder.labelled(x, torch.stack([y, wrong]))

    @torch.no_grad()
    def _goodness(self, x: Tensor, layers: int) -> Tensor:
        """Goodness of every label, (B, K), added over the first `layers` layers."""
        rows = self._net.coder.every_label(x)
        total: Tensor | float = 0.0
        for layer, h in self._net.climb(rows, layers):
            total = layer.scores(h).view(self._classes, -1).T + total
        assert isinstance(total, Tensor)
        return total

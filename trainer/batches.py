"""Images drawn from the device's one tensor. FF and backprop draw alike."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from trainer.axes.data import Augment
from trainer.chance import Stream, generator
from trainer.data.augment import Augmenter
from trainer.plan import Plan, Step


@dataclass(frozen=True)
class Batch:
    """B images as rows of pixels, their labels, and which of the training images they are."""

    x: Tensor
    y: Tensor
    index: Tensor


class Batches:
    """Draws batches: the order of an epoch depends on seed and epoch alone."""

    def __init__(self, images: Tensor, labels: Tensor, plan: Plan, seed: int, *, augment: Augment = "none") -> None:
        self._y, self._plan, self._seed = labels, plan, seed
        self._x = images.flatten(1)
        self._augmenter = Augmenter(images, augment) if augment != "none" else None
        self._order: tuple[int, Tensor] | None = None

    def draw(self, step: Step, rng: Generator) -> Batch:
        """The images of a step; in an epoch of one step, all of them in their order.

        They are changed as `augment` says while layers learn; a readout that learns afterwards gets them as they are.
        """
        augmenter = self._augmenter if step.phase.layers else None
        if self._plan.steps_per_epoch == 1:
            index = torch.arange(len(self._y), device=self._y.device)
            return Batch(augmenter.draw(index, rng).flatten(1) if augmenter else self._x, self._y, index)
        index = self._epoch(step.epoch)[self._plan.span(step)]
        x = augmenter.draw(index, rng).flatten(1) if augmenter else self._x[index]
        return Batch(x, self._y[index], index)

    def _epoch(self, epoch: int) -> Tensor:
        if self._order is None or self._order[0] != epoch:
            device = self._y.device
            rng = generator(device, self._seed, Stream.ORDER, epoch)
            self._order = epoch, torch.randperm(len(self._y), generator=rng, device=device)
        return self._order[1]

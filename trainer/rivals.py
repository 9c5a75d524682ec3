"""Sets the competitors of a batch side by side: positives and negatives, or the images alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch
from torch import Generator, Tensor

from trainer.axes.competitors import (
    AllLabels,
    AnyCompetitors,
    HardWrongLabel,
    HybridImage,
    Interpolation,
    Noise,
    Rollout,
    SelfContrast,
    WrongLabel,
)
from trainer.batches import Batch
from trainer.chance import Stream, generator
from trainer.negatives.rolls import Rolls
from trainer.nets.flow import Flow
from trainer.nets.net import Net
from trainer.nets.restoring import take
from trainer.nets.rows import Rows
from trainer.update.context import bases
from trainer.update.reading import Task

if TYPE_CHECKING:
    from trainer.data import Dataset
    from trainer.nets.head import Head
    from trainer.plan import Step


@dataclass
class Piece:
    """Part of a batch on its way through the net."""

    flow: Flow
    task: Task
    first: int
    """Its first image's place in the batch."""
    last: bool
    """Whether the batch ends with it."""


def pieces_of(batch: Batch, images: int) -> Iterator[Batch]:
    """The batch in parts of at most so many images."""
    if batch.y.shape[0] <= images:
        return iter((batch,))
    parts = (torch.split(part, images) for part in (batch.x, batch.y, batch.index))
    return (Batch(x, y, index) for x, y, index in zip(*parts, strict=True))


class Rivals:
    """Makes the rows of competitors for the layers of a net."""

    def __init__(self, net: Net, data: Dataset, seed: int, head: Head | None = None) -> None:
        self._net, self._data, self._seed = net, data, seed
        self._classes = net.coder.classes
        self._fixed: dict[WrongLabel, Tensor] = {}
        self._stock: dict[AnyCompetitors, Tensor | None] = {}
        rollouts = {layer.rules.competitors for layer in net.layers if isinstance(layer.rules.competitors, Rollout)}
        self._rolls = {rule: Rolls(rule, data, head) for rule in sorted(rollouts, key=repr) if head}

    def refresh(self, step: Step, rng: Generator) -> None:
        """Renew what lasts for an epoch."""
        if step.batch == 0:
            for rolls in self._rolls.values():
                rolls.renew(rng)

    def tensors(self) -> dict[str, Tensor]:
        """Everything that a checkpoint has to hold; what is drawn once is drawn again."""
        return {str(number): rolls.text for number, rolls in enumerate(self._rolls.values())}

    def restore(self, stored: Mapping[str, Tensor]) -> None:
        """Take what `tensors` gave."""
        take(self.tensors(), stored)

    def pieces(
        self, rule: AnyCompetitors, batch: Batch, rng: Generator, trained: int, opinion: Tensor | None
    ) -> Iterator[Piece]:
        """The batch in pieces of bounded size.

        `trained` layers may judge how hard a label is; `opinion` (B, K) is what the head says of every label. What is
        drawn is drawn for the whole batch, so that it does not hang on how the batch is cut.
        """
        spoilt = self._spoilt(rule, batch, rng)
        wrong = self._wrong(rule, batch, rng, trained, opinion)
        first = 0
        for part in pieces_of(batch, self._net.piece):
            where = slice(first, first + len(part.y))
            if spoilt:
                rows = self._beside(part, spoilt[0][where], spoilt[1][where])
            else:
                rows = self._rows(rule, part, None if wrong is None else wrong[:, where])
            task = Task(rule, part.y, len(batch.y) * self._net.readings)
            if heard := bases(self._net, rows, task, trained):
                task = replace(task, bases=heard)
            yield Piece(self._net.start(rows), task, first, last=where.stop == len(batch.y))
            first = where.stop

    def _spoilt(self, rule: AnyCompetitors, batch: Batch, rng: Generator) -> tuple[Tensor, Tensor] | None:
        """Images (B, D) that stand against the batch's, and the labels under which they do; None for other rules."""
        match rule:
            case Rollout():
                return self._rolls[rule].draw(len(batch.y), rng)
            case HybridImage() | Noise() | Interpolation() | SelfContrast():
                x = batch.x.view(-1, *self._data.info.shape)
                return rule.negatives(x, self._drawn_once(rule), rng).flatten(1), batch.y
        return None

    def _beside(self, part: Batch, x: Tensor, y: Tensor) -> Rows:
        """The images of `part`, then images x with labels y, all under their labels where the net sees labels."""
        coder, images = self._net.coder, torch.cat([part.x, x])
        return coder.labelled(images, torch.cat([part.y, y])[None]) if coder.code.carries_label else coder.plain(images)

    def _drawn_once(self, rule: HybridImage | Noise | Interpolation | SelfContrast) -> Tensor | None:
        """What the rule wants drawn once for the run."""
        if rule not in self._stock:
            height, width, _ = self._data.info.shape
            self._stock[rule] = rule.stock((height, width), generator(self._device, self._seed, Stream.MASKS))
        return self._stock[rule]

    @property
    def _device(self) -> torch.device:
        return self._data.y_train.device

    def _rows(self, rule: AnyCompetitors, part: Batch, wrong: Tensor | None) -> Rows:
        coder, x = self._net.coder, part.x
        if wrong is not None:
            return coder.labelled(x, torch.cat([part.y[None], wrong]))
        return coder.every_label(x) if isinstance(rule, AllLabels) else coder.neutral(x)

    def _wrong(
        self, rule: AnyCompetitors, batch: Batch, rng: Generator, trained: int, said: Tensor | None
    ) -> Tensor | None:
        """Labels of the negatives, (count, B); None for other rules."""
        match rule:
            case WrongLabel(fixed=True):
                return self._once(rule)[:, batch.index]
            case WrongLabel():
                return rule.draw(batch.y, self._classes, rng)
            case HardWrongLabel():
                return rule.draw(batch.y, self._opinion(rule, batch, trained, said), rng)
        return None

    def _once(self, rule: WrongLabel) -> Tensor:
        """Wrong labels of all training images, drawn once, (count, N)."""
        if rule not in self._fixed:
            rng = generator(self._device, self._seed, Stream.FIXED_LABELS)
            self._fixed[rule] = rule.draw(self._data.y_train, self._classes, rng)
        return self._fixed[rule]

    def _opinion(self, rule: HardWrongLabel, batch: Batch, trained: int, said: Tensor | None) -> Tensor:
        """Of every label, (B, K)."""
        if rule.judge != "head":
            layers = 1 if rule.judge == "first" else trained
            return torch.cat([self._goodness(part.x, layers) for part in pieces_of(batch, self._net.piece)])
        assert said is not None  # the schema asks for a head
        return said

    @torch.no_grad()
    def _goodness(self, x: Tensor, layers: int) -> Tensor:
        """Goodness of every label, (B, K), added over the first `layers` layers."""
        rows = self._net.coder.every_label(x)
        total: Tensor | float = 0.0
        for layer, h in self._net.climb(rows, layers):
            total = label_scores(layer.scores(h), self._classes) + total
        assert isinstance(total, Tensor)
        return total


def label_scores(scores: Tensor, classes: int) -> Tensor:
    """Readings (K·B, R) of images under every label as (B, K), a mean over the regions R."""
    return scores.mean(1).view(classes, -1).T

"""The sampler: sets the positives and negatives of a batch side by side, in micro-batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, assert_never

import torch
from torch import Generator, Tensor

from trainer.axes.competitors import AnyCompetitors
from trainer.batches import Batch
from trainer.chance import Stream, generator
from trainer.negatives.made import Alone, Asked, EveryLabel, Judge, Negatives, Once, OtherImages, WrongLabels
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


class Sampler:
    """Makes the rows of competitors for the layers of a net."""

    def __init__(self, net: Net, data: Dataset, seed: int, head: Head | None = None) -> None:
        self._net, self._data, self._seed = net, data, seed
        self._classes = net.coder.classes
        self._once: dict[tuple[AnyCompetitors, Once], Tensor] = {}
        self._rolls = _written({layer.rules.competitors for layer in net.layers}, data, head)

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
        self, rule: AnyCompetitors, batch: Batch, rng: Generator, trained: int, logits: Tensor | None
    ) -> Iterator[Piece]:
        """The batch in pieces of bounded size.

        `trained` layers may judge how hard a label is; `logits` (B, K) are the head's. What is drawn is drawn for the
        whole batch, so that it does not hang on how the batch is cut.
        """
        negatives = rule.negatives(self._asked(rule, batch, rng, trained, logits))
        first = 0
        for part in pieces_of(batch, self._net.piece):
            where = slice(first, first + len(part.y))
            rows = self._rows(part, negatives, where)
            task = Task(rule, part.y, len(batch.y) * self._net.readings)
            if heard := bases(self._net, rows, task, trained):
                task = replace(task, bases=heard)
            yield Piece(self._net.start(rows), task, first, last=where.stop == len(batch.y))
            first = where.stop

    def _rows(self, part: Batch, negatives: Negatives, where: slice) -> Rows:
        """The images of `part`, which are `where` in the batch, and what stands against them."""
        coder = self._net.coder
        match negatives:
            case WrongLabels(labels):
                return coder.labelled(part.x, torch.cat([part.y[None], labels[:, where]]))
            case OtherImages(x, y):
                images, labels = torch.cat([part.x, x[where]]), torch.cat([part.y, y[where]])
                return coder.labelled(images, labels[None]) if coder.code.carries_label else coder.plain(images)
            case EveryLabel():
                return coder.every_label(part.x)
            case Alone():
                return coder.neutral(part.x)
            case _:
                assert_never(negatives)

    def _asked(self, rule: AnyCompetitors, batch: Batch, rng: Generator, trained: int, logits: Tensor | None) -> Asked:
        def thought(judge: Judge) -> Tensor:
            if judge == "head":
                assert logits is not None  # the schema asks for a head
                return logits
            layers = 1 if judge == "first" else trained
            return torch.cat([self._goodness(part.x, layers) for part in pieces_of(batch, self._net.piece)])

        def once(stream: Once, draw: Callable[[Generator], Tensor]) -> Tensor:
            if (rule, stream) not in self._once:
                self._once[rule, stream] = draw(generator(batch.y.device, self._seed, Stream[stream]))
            return self._once[rule, stream]

        return Asked(
            images=batch.x.view(-1, *self._data.info.shape),
            y=batch.y,
            index=batch.index,
            classes=self._classes,
            rng=rng,
            every_y=self._data.y_train,
            logits=thought,
            once=once,
            rolls=self._rolls.get(rule),
        )

    @torch.no_grad()
    def _goodness(self, x: Tensor, layers: int) -> Tensor:
        """Goodness of every label, (B, K), added over the first `layers` layers."""
        rows = self._net.coder.every_label(x)
        total: Tensor | float = 0.0
        for layer, h in self._net.climb(rows, layers):
            total = label_scores(layer.scores(h), self._classes) + total
        assert isinstance(total, Tensor)
        return total


def _written(rules: set[AnyCompetitors], data: Dataset, head: Head | None) -> dict[AnyCompetitors, Rolls]:
    """What the head writes for each of the rules, in an order that hangs on nothing but them."""
    if head is None:
        return {}
    made = ((rule, rule.writes(data, head)) for rule in sorted(rules, key=repr))
    return {rule: rolls for rule, rolls in made if rolls}


def label_scores(scores: Tensor, classes: int) -> Tensor:
    """Readings (K·B, R) of images under every label as (B, K), a mean over the regions R."""
    return scores.mean(1).view(classes, -1).T

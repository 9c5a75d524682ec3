"""Where each step of a run stands: pure arithmetic, so that a resumed run goes on exactly. Imports no torch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from trainer.axes.schedule import Phase


@dataclass(frozen=True)
class Step:
    """One step; numbers count from 1 over the whole run, greedy or not, and never restart."""

    number: int
    phase: Phase
    epoch: int
    """Epochs finished before this one."""
    batch: int
    """Its place in the epoch, from 0."""
    done: float
    """Share of the phase's steps before this one."""
    opens_phase: bool
    ends_epoch: bool
    ends_phase: bool


class Plan:
    """Phases cut into epochs of `images` images and steps of `batch_size` (None: one step an epoch)."""

    def __init__(self, phases: Sequence[Phase], images: int, batch_size: int | None) -> None:
        self.phases, self.images = list(phases), images
        self.batch_size = min(batch_size or images, images)
        self.steps_per_epoch = -(-images // self.batch_size)
        self.epochs = sum(phase.epochs for phase in self.phases)
        self.total = self.epochs * self.steps_per_epoch

    def step(self, number: int) -> Step:
        """Step `number`, from 1."""
        epoch, batch = divmod(number - 1, self.steps_per_epoch)
        first = 0
        for phase in self.phases:
            if epoch < first + phase.epochs:
                break
            first += phase.epochs
        inside = (epoch - first) * self.steps_per_epoch + batch
        steps = phase.epochs * self.steps_per_epoch
        ends_epoch = batch == self.steps_per_epoch - 1
        return Step(
            number, phase, epoch, batch, inside / steps, inside == 0, ends_epoch, ends_phase=inside == steps - 1
        )

    def after(self, number: int) -> Iterator[Step]:
        """The steps that follow step `number`."""
        return (self.step(n) for n in range(number + 1, self.total + 1))

    def span(self, step: Step) -> slice:
        """Which of the epoch's images, in their order, this step draws."""
        return slice(step.batch * self.batch_size, min((step.batch + 1) * self.batch_size, self.images))

    def drawn(self, number: int) -> int:
        """Images drawn up to the end of step `number`."""
        epochs, batches = divmod(number, self.steps_per_epoch)
        return epochs * self.images + min(batches * self.batch_size, self.images)

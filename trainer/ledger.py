"""Where a run's time went, by part of a step, by layer and by epoch, over stops and resumes."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

from trainer.metrics import layer as series
from trainer.recorder import Counters
from trainer.stopwatch import Stopwatch


@dataclass(frozen=True)
class Mark:
    """Totals at one moment; seconds."""

    step: int = 0
    images: int = 0
    train: float = 0.0
    data: float = 0.0
    forward: float = 0.0
    update: float = 0.0

    @property
    def compute(self) -> float:
        """Device time of training: all but drawing the data."""
        return self.forward + self.update


class Ledger:
    """Totals so far, and marks at the last point and at the last epoch's end."""

    def __init__(self, layers: int) -> None:
        self.total = self._point = self._epoch = Mark()
        self.compute = [0.0] * layers
        """Device time of each layer; 0 where layers are not timed apart (backprop)."""
        self.e2e = [0.0] * layers
        """Wall time of training, shared out between the layers by their device time."""
        self.per_epoch: list[dict[str, float]] = []

    def fold(self, clock: Stopwatch, counters: Counters) -> None:
        """Take over what the stopwatch has measured since the last time."""
        clock.collect()
        parts, layers = clock.take()
        wall = counters.train_seconds - self.total.train
        self.total = Mark(
            counters.step,
            counters.images,
            counters.train_seconds,
            *(getattr(self.total, part) + parts.get(part, 0.0) for part in ("data", "forward", "update")),
        )
        whole = sum(layers.values())
        for index, seconds in layers.items():
            self.compute[index] += seconds
            self.e2e[index] += wall * seconds / whole if whole else 0.0

    def close_epoch(self, epoch: int) -> None:
        """Note what the epoch that ends here took."""
        self.per_epoch.append(
            {
                "epoch": epoch,
                "e2e_seconds": self.total.train - self._epoch.train,
                "compute_seconds": self.total.compute - self._epoch.compute,
            }
        )
        self._epoch = self.total

    def values(self) -> dict[str, float]:
        """The time and speed metrics of the steps since the last point."""
        now, last = self.total, self._point
        self._point = now
        steps, seconds = now.step - last.step, now.train - last.train
        values = {"time/compute": now.compute}
        if steps > 0:
            values |= {
                "time/step": seconds / steps,
                "time/data": (now.data - last.data) / steps,
                "time/forward": (now.forward - last.forward) / steps,
                "time/update": (now.update - last.update) / steps,
            }
        if seconds > 0:
            values["speed/images_per_second"] = (now.images - last.images) / seconds
        if self.per_epoch:
            values["time/epoch_compute"] = self.per_epoch[-1]["compute_seconds"]
        for index, (e2e, compute) in enumerate(zip(self.e2e, self.compute, strict=True), 1):
            if compute > 0:
                values[series(index, "time_e2e")] = e2e
                values[series(index, "time_compute")] = compute
        return values

    def state(self) -> dict[str, Any]:
        """For a checkpoint."""
        marks = {"total": self.total, "point": self._point, "epoch": self._epoch}
        return {
            "marks": {name: asdict(mark) for name, mark in marks.items()},
            "compute": self.compute,
            "e2e": self.e2e,
            "per_epoch": self.per_epoch,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what `state` gave."""
        marks = {name: replace(Mark(), **mark) for name, mark in state["marks"].items()}
        self.total, self._point, self._epoch = marks["total"], marks["point"], marks["epoch"]
        self.compute, self.e2e, self.per_epoch = state["compute"], state["e2e"], state["per_epoch"]

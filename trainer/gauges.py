"""What the layers say while they learn: sums on the device, read once an interval, never once a step."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from trainer.nets.layer import Layer
from trainer.update.reading import Reading, Task

POS, NEG, LOSS, ORDERED, IMAGES = range(5)


class Gauges:
    """Sums over the images since the last `read`, a row a layer, and the first step whose loss was no number."""

    def __init__(self, layers: int, device: torch.device) -> None:
        dtype = torch.float32 if device.type == "mps" else torch.float64
        self.sums = torch.zeros(layers, 5, dtype=dtype, device=device)
        self.bad = torch.zeros(layers, dtype=torch.int64, device=device)
        self._alive: dict[int, Tensor] = {}

    def add(self, layer: Layer, reading: Reading, task: Task, step: int) -> None:
        """Count one layer's reading of a piece of a batch."""
        row, index = reading.row, task.index[:, None]
        true = row.gather(1, index)
        loss = reading.loss.sum()
        wrong = (row.sum() - true.sum()) / (row.shape[1] - 1)
        rival = row.scatter(1, index, -torch.inf).amax(1, keepdim=True)
        ordered = (true > rival).sum()
        values = [true.sum(), wrong, loss, ordered, loss.new_tensor(len(row))]
        self.sums[layer.index] += torch.stack([value.to(self.sums.dtype) for value in values])
        known = loss.isfinite() | (self.bad[layer.index] > 0)
        self.bad[layer.index] = torch.where(known, self.bad[layer.index], step)

    def watch(self, layer: Layer, h: Tensor) -> None:
        """Note which units are on for any of the rows h (R, H)."""
        on = (h > 0).any(0)
        seen = self._alive.get(layer.index)
        self._alive[layer.index] = on if seen is None else seen | on

    def read(self) -> tuple[list[list[float]], list[int]]:
        """(sums, first bad step or 0) of each layer; the sums start again at 0."""
        sums, bad = self.sums.tolist(), self.bad.tolist()
        self.sums.zero_()
        return sums, bad

    def dead_units(self) -> dict[int, float]:
        """Share of units that no row switched on, by layer, since the last call."""
        shares = {index: 1 - float(on.double().mean()) for index, on in self._alive.items()}
        self._alive.clear()
        return shares

    def state(self) -> dict[str, Any]:
        """For a checkpoint."""
        return {"sums": self.sums, "bad": self.bad, "alive": self._alive}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what `state` gave."""
        self.sums.copy_(state["sums"])
        self.bad.copy_(state["bad"])
        self._alive = {index: on.to(self.sums.device) for index, on in state["alive"].items()}

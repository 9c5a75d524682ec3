"""What the layers say while they learn. A step only keeps its small rows of readings; they are counted together later.

So a step pays nothing for its meters, and nothing is read from the device before a point is due.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from trainer.nets.layer import Layer
from trainer.update.reading import Reading, Task

KEPT = 1 << 15
"""Numbers of waiting rows at which they are counted though no point is due: a deep net's would fill memory."""


class Sums(NamedTuple):
    """Totals over the readings since the last point, of one layer."""

    positive: float = 0.0
    negative: float = 0.0
    loss: float = 0.0
    ordered: float = 0.0
    """Readings whose true competitor is the highest."""
    images: float = 0.0

    def parted(self) -> dict[str, float]:
        """How far positive and negative data are apart, by metric of a layer."""
        positive, negative = self.positive / self.images, self.negative / self.images
        return {
            "goodness_pos": positive,
            "goodness_neg": negative,
            "gap": positive - negative,
            "separation": self.ordered / self.images,
        }


OF_WEIGHTS: dict[str, Callable[[Layer], float]] = {
    "weight_norm": Layer.weight_norm,
}
"""What a layer's weights say when a point is due, by metric of a layer."""


def of_weights(layer: Layer) -> dict[str, float]:
    """All of it."""
    layer.at_hand()
    return {name: measure(layer) for name, measure in OF_WEIGHTS.items()}


class _Waiting(NamedTuple):
    step: int
    row: Tensor
    true: Tensor
    """Column of the true reading in each row."""
    base: Tensor | None
    """What the context adds to the row before the objective sees it."""
    extra: Tensor | None
    """Loss beyond that of the rows, the mean over the images; a scalar."""


class _Counted(NamedTuple):
    """What is left of rows that have been counted, beside their totals; still on the device."""

    steps: list[int]
    sound: Tensor
    """Whether all losses of each of these steps' rows were finite."""
    rows: int


class Gauges:
    """Readings of every layer since the last `read`, and the first step whose loss was no number."""

    def __init__(self, layers: Sequence[Layer]) -> None:
        self._layers = layers
        self._waiting: list[list[_Waiting]] = [[] for _ in layers]
        self._totals: list[Tensor | None] = [None for _ in layers]
        self._counted: list[list[_Counted]] = [[] for _ in layers]
        self._alive: dict[int, Tensor] = {}
        self._kept = 0
        self.bad: dict[int, int] = {}
        """By layer (from 0), the first step whose loss was not finite."""

    def add(self, layer: Layer, reading: Reading, task: Task, step: int) -> None:
        """Keep one layer's reading of a piece of a batch."""
        waiting = _Waiting(step, reading.row, task.index(reading.row), reading.base, reading.extra)
        self._waiting[layer.index].append(waiting)
        self._kept += reading.row.numel()
        if self._kept > KEPT:
            self._count()

    def watch(self, layer: Layer, h: Tensor) -> None:
        """Note which units or channels are on anywhere in any of the rows h (R, …)."""
        on = h.movedim(layer.block.unit_axis, -1).flatten(0, -2).amax(0) > 0
        seen = self._alive.get(layer.index)
        self._alive[layer.index] = on if seen is None else seen | on

    def read(self) -> list[Sums]:
        """Sums of each layer since the last time; the only place that waits for the device."""
        self._count()
        sums = []
        for index, (counted, totals) in enumerate(zip(self._counted, self._totals, strict=True)):
            rows = sum(part.rows for part in counted)
            sums.append(Sums() if totals is None else Sums(*totals.tolist())._replace(images=float(rows)))
            steps = [step for part in counted for step in part.steps]
            sound = [flag for part in counted for flag in part.sound.tolist()]
            wrong = [step for step, flag in zip(steps, sound, strict=True) if not flag]
            if wrong:
                self.bad.setdefault(index, wrong[0])
        self._totals = [None for _ in self._layers]
        self._counted = [[] for _ in self._layers]
        return sums

    def first_bad(self) -> tuple[int, int] | None:
        """(step, layer from 1) of the first loss that was not finite; None where all were."""
        return min(((step, layer + 1) for layer, step in self.bad.items()), default=None)

    def dead_units(self) -> dict[int, float]:
        """Share of units that no row switched on, by layer, since the last call."""
        shares = {index: 1 - int(on.sum()) / len(on) for index, on in self._alive.items()}
        self._alive.clear()
        return shares

    def _count(self) -> None:
        """Add what waits to the totals, on the device; layers whose rows are of one form together."""
        forms: dict[Any, list[int]] = {}
        for index, (layer, waiting) in enumerate(zip(self._layers, self._waiting, strict=True)):
            if waiting:
                form = (layer.rules.objective, tuple(w.row.shape for w in waiting))
                forms.setdefault(form, []).append(index)
        for (rule, shapes), layers in forms.items():
            waiting = [w for index in layers for w in self._waiting[index]]
            row = torch.cat([w.row for w in waiting])
            column = torch.cat([w.true for w in waiting])
            loss = rule.loss(_judged(row, waiting), column) * rule.share + _extra(row, waiting)
            lost = _lost(loss, [shape[0] for shape in shapes] * len(layers)).view(len(layers), -1)
            totals, sound = _totals(row, column[:, None], lost), lost.isfinite()
            for place, index in enumerate(layers):
                before = self._totals[index]
                self._totals[index] = totals[place] if before is None else before + totals[place]
                steps = [w.step for w in self._waiting[index]]
                self._counted[index].append(_Counted(steps, sound[place], len(row) // len(layers)))
                self._waiting[index].clear()
        self._kept = 0

    def state(self) -> dict[str, Any]:
        """For a checkpoint."""
        waiting = [[tuple(w) for w in layer] for layer in self._waiting]
        counted = [[tuple(c) for c in layer] for layer in self._counted]
        return {"waiting": waiting, "totals": self._totals, "counted": counted, "alive": self._alive}

    def restore(self, state: dict[str, Any], device: torch.device) -> None:
        """Go on from what `state` gave."""
        for mine, stored in zip(self._waiting, state["waiting"], strict=True):
            mine.extend(
                _Waiting(step, row.to(device), true.to(device), _to(base, device), _to(extra, device))
                for step, row, true, base, extra in stored
            )
        self._kept = sum(w.row.numel() for layer in self._waiting for w in layer)
        none: list[Any] = [None for _ in self._layers]
        self._totals = [_to(totals, device) for totals in state.get("totals", none)]  # older ones have none
        for counted, stored in zip(self._counted, state.get("counted", none), strict=True):
            counted.extend(_Counted(steps, sound.to(device), rows) for steps, sound, rows in stored or ())
        self._alive = {index: on.to(device) for index, on in state["alive"].items()}


def _totals(row: Tensor, index: Tensor, lost: Tensor) -> Tensor:
    """What `Sums` names, without the number of rows, of rows (L·N, J) and losses (L, S) of L layers; (L, 4)."""
    layers, exact = len(lost), lost.dtype
    true = row.gather(1, index)
    rival = row.scatter(1, index, -torch.inf).amax(1, keepdim=True)
    positive, every = (part.view(layers, -1).sum(1, dtype=exact) for part in (true, row))
    wrong = (every - positive) / (row.shape[1] - 1)
    ordered = (true > rival).view(layers, -1).sum(1).to(exact)
    return torch.stack([positive, wrong, lost.sum(1), ordered], 1)


def _lost(loss: Tensor, lengths: list[int]) -> Tensor:
    """Sums over stretches of the losses (N,); stretches are mostly of one length."""
    exact = torch.float32 if loss.device.type == "mps" else torch.float64
    if len(set(lengths)) == 1:
        return loss.view(len(lengths), -1).sum(1, dtype=exact)
    return torch.stack([part.sum(dtype=exact) for part in torch.split(loss, lengths)])


def _judged(row: Tensor, waiting: Sequence[_Waiting]) -> Tensor:
    """The rows as the objective sees them: what the context says added."""
    if all(w.base is None for w in waiting):
        return row
    return row + torch.cat([torch.zeros_like(w.row) if w.base is None else w.base for w in waiting])


def _extra(row: Tensor, waiting: Sequence[_Waiting]) -> Tensor | float:
    """Each row's share of the loss beyond its own, (N,)."""
    if all(w.extra is None for w in waiting):
        return 0.0
    return torch.cat([row.new_zeros(len(w.row)) if w.extra is None else w.extra.expand(len(w.row)) for w in waiting])


def _to(part: Tensor | None, device: torch.device) -> Tensor | None:
    return None if part is None else part.to(device)

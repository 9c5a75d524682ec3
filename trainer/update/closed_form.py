"""A layer's gradient without autograd: D = pull(goodness) · act′(z), dW = Dᵀx, db = ΣD.

Valid wherever the layer's loss stays in it and its map is linear before the activation (`Layer.closed`). The gradient
of the layer's input is never computed, and nothing of one layer outlives its turn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, cast

import torch
from torch import Tensor

from trainer.blocks.base import Linear
from trainer.nets.layer import Layer, under
from trainer.nets.rows import Rows
from trainer.update.compiled import Make, as_written
from trainer.update.reading import QUIET, Backward, Noise, Reading, Task, drop, peer_pull

if TYPE_CHECKING:
    from trainer.blocks.base import Pull


class _Kept(NamedTuple):
    """What the gradient needs of a pass."""

    rows: Rows
    """What entered, ready for products."""
    activated: Tensor
    """What the activation's `pull` needs."""
    h: Tensor
    back: Pull
    """The way back through pooling."""
    mask: Tensor | None


@torch.no_grad()
def forward(
    layer: Layer, rows: Rows, task: Task, noise: Noise = QUIET, make: Make = as_written
) -> tuple[Reading, Backward]:
    """What the layer reads in `rows`, and a call that adds the gradient of its loss to its buffer."""
    layer.at_hand()
    row, n, kept = make(_read)(layer, rows, task, noise)
    reading = Reading(row, n, task.bases.get(layer.index))

    def backward() -> None:
        with torch.no_grad():
            make(_learn)(layer, task, reading, kept)

    return reading, backward


def _read(layer: Layer, rows: Rows, task: Task, noise: Noise) -> tuple[Tensor, Tensor, _Kept]:
    """The competing readings (N, J), the activity that was read, and what the gradient needs."""
    rules = layer.rules
    rows = layer.entered(rows, training=True)
    if noise.inputs is not None:
        rows = rows.dropped(noise.inputs)
    block = cast(Linear, layer.block)
    rows = block.ready(rows, rules.precision)
    a, activated = rules.activation.kept(block.product(layer.w, rows, rules.precision))
    h, back = block.settle(a, rules.precision)
    h = drop(h, noise.units)
    n = rules.before.apply(h, {}, training=True)
    return task.row(layer.scores(n)), n, _Kept(rows, activated, h, back, noise.units)


def _learn(layer: Layer, task: Task, reading: Reading, kept: _Kept) -> None:
    """Add the gradient of the layer's loss to its buffer."""
    rules, grads, block = layer.rules, layer.buffer.grads, cast(Linear, layer.block)
    row, h, mask = reading.judged, kept.h, kept.mask
    slope = task.competitors.unrow(rules.objective.slope(row, task.index(row)) * task.share(row), task.y)
    peer = peer_pull(layer, h, task) if rules.peer else None
    for where, some in block.portions(kept.rows) if mask is None else [(slice(None), kept.rows)]:
        dn, dp = rules.goodness.pull(reading.h[where], layer.p, slope[where])
        delta = kept.back(drop(rules.before.pull(h[where], dn), mask))
        if not layer.masked:
            delta = rules.activation.pull(kept.activated[where], delta)
        if peer is not None:
            delta += peer if len(peer) == 1 else peer[where]
        if not rules.frozen:
            block.accumulate(under("w", grads), some, delta, rules.precision)
        for name, value in dp.items():
            grads[f"p.{name}"].add_(value)

"""A layer's gradient without autograd: D = pull(goodness) · act′(z), dW = Dᵀx, db = ΣD.

Valid wherever the layer's loss stays in it and its map is linear before the activation (`Layer.closed`). The gradient
of the layer's input is never computed, and nothing of one layer outlives its turn.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor

from trainer.blocks.base import Linear
from trainer.nets.layer import Layer, under
from trainer.nets.rows import Rows
from trainer.update.reading import QUIET, Backward, Noise, Reading, Task, drop, peer_pull

if TYPE_CHECKING:
    from trainer.blocks.base import Pull


@torch.no_grad()
def forward(layer: Layer, rows: Rows, task: Task, noise: Noise = QUIET) -> tuple[Reading, Backward]:
    """What the layer reads in `rows`, and a call that adds the gradient of its loss to its buffer."""
    rules = layer.rules
    rows = layer.enter(rows, training=True)
    if noise.inputs is not None:
        rows = rows.dropped(noise.inputs)
    block = cast(Linear, layer.block)
    rows = block.ready(rows, rules.precision)
    a, kept = rules.activation.kept(block.product(layer.w, rows, rules.precision))
    h, back = block.settle(a, rules.precision)
    h = drop(h, noise.units)
    n = rules.before.apply(h, {}, training=True)
    reading = Reading(task.row(layer.scores(n)), n, task.bases.get(layer.index))
    return reading, partial(_backward, layer, rows, task, reading, kept=kept, h=h, back=back, mask=noise.units)


@torch.no_grad()
def _backward(
    layer: Layer, rows: Rows, task: Task, reading: Reading, *, kept: Tensor, h: Tensor, back: Pull, mask: Tensor | None
) -> None:
    rules, grads, block = layer.rules, layer.buffer.grads, cast(Linear, layer.block)
    row = reading.judged
    slope = task.competitors.unrow(rules.objective.slope(row, task.index(row)) * task.share(row), task.y)
    peer = peer_pull(layer, h, task) if rules.peer else None
    for where, some in block.portions(rows) if mask is None else [(slice(None), rows)]:
        dn, dp = rules.goodness.pull(reading.h[where], layer.p, slope[where])
        delta = back(drop(rules.before.pull(h[where], dn), mask))
        if not layer.masked:
            delta = rules.activation.pull(kept[where], delta)
        if peer is not None:
            delta += peer
        if not rules.frozen:
            block.accumulate(under("w", grads), some, delta, rules.precision)
        for name, value in dp.items():
            grads[f"p.{name}"].add_(value)

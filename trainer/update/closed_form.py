"""A layer's gradient without autograd: D = pull(goodness) · act′(z), dW = Dᵀx, db = ΣD.

Valid wherever goodness, normalisation and activation have a `pull` and the loss stays in its layer. The gradient of the
layer's input is never computed, and nothing of one layer outlives its turn.
"""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor

from trainer.nets.layer import Layer
from trainer.nets.rows import Rows
from trainer.update.reading import Backward, Reading, Task, drop, peer_pull


@torch.no_grad()
def forward(layer: Layer, rows: Rows, task: Task, mask: Tensor | None = None) -> tuple[Reading, Backward]:
    """What the layer reads in `rows`, and a call that adds the gradient of its loss to its buffer."""
    rules = layer.rules
    z = rows.product(layer.weight, layer.bias, rules.precision)
    h = drop(rules.activation.apply_(z), mask)
    n = rules.before.apply(h)
    row = task.competitors.row(layer.scores(n))
    reading = Reading(row, n)
    return reading, partial(_backward, layer, rows, task, reading, h=h, mask=mask)


@torch.no_grad()
def _backward(layer: Layer, rows: Rows, task: Task, reading: Reading, *, h: Tensor, mask: Tensor | None) -> None:
    rules, grads = layer.rules, layer.buffer.grads
    slope = task.competitors.unrow(rules.objective.slope(reading.row, task.index) / task.count)
    dn, dp = rules.goodness.pull(reading.h, layer.p, slope)
    delta = rules.activation.pull(h, drop(rules.before.pull(h, dn), mask))
    if rules.peer:
        delta += peer_pull(layer, h, task)
    if not rules.frozen:
        rows.accumulate(delta, grads["weight"], rules.precision)
        grads["bias"].add_(delta.sum(0))
    for name, value in dp.items():
        grads[f"p.{name}"].add_(value)

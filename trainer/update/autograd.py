"""The general way: whatever the point on the axes, autograd finds the gradient. Whole-net scope runs here.

`forward` has the signature of the closed form's and is its oracle in the tests.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from trainer.nets.layer import Layer
from trainer.nets.mlp import Net
from trainer.nets.rows import Rows
from trainer.update.reading import Backward, Reading, Task, drop, peer_pull


def forward(layer: Layer, rows: Rows, task: Task, mask: Tensor | None = None) -> tuple[Reading, Backward]:
    """What the layer reads in `rows`, and a call that adds the gradient of its loss to its buffer."""
    leaves = _leaves(layer)
    z, h = _activity(layer, leaves, rows.dense(), mask)
    n = layer.rules.before.apply(h)
    row, losses = _loss(layer, leaves, n, task)
    loss = losses.sum() / task.count
    if layer.rules.peer:
        loss = loss + (z * peer_pull(layer, h.detach(), task)).sum()
    return Reading(row.detach(), n.detach()), loss.backward


def whole(
    net: Net, rows: Rows, task: Task, masks: Sequence[Tensor | None]
) -> tuple[list[Tensor], list[tuple[Layer, Reading]], Backward]:
    """Activities, the readings of layers with a loss, and a call that sends all losses back through the whole net."""
    x = rows.dense()
    activities, readings, total = [], [], x.new_zeros(())
    for layer, mask in zip(net.layers, masks, strict=True):
        leaves = _leaves(layer)
        h = layer.rules.before.apply(_activity(layer, leaves, x, mask)[1])
        activities.append(h.detach())
        if layer.reads:
            row, losses = _loss(layer, leaves, h, task)
            total = total + losses.sum() / task.count
            readings.append((layer, Reading(row.detach(), h.detach())))
        x = net.handover.apply(h)
    return activities, readings, total.backward


def _leaves(layer: Layer) -> dict[str, Tensor]:
    """The layer's parameters as leaves whose gradients land in its buffer."""
    leaves = {f"p.{name}": value for name, value in layer.p.items()}
    for name, value in layer.buffer.values.items():
        if layer.rules.frozen and name in ("weight", "bias"):
            leaves[name] = value
            continue
        leaves[name] = value.detach().requires_grad_()
        leaves[name].grad = layer.buffer.grads[name]
    return leaves


def _activity(layer: Layer, leaves: dict[str, Tensor], x: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor]:
    """(z, h), both (R, H)."""
    z = layer.rules.precision.affine(x, leaves["weight"], leaves["bias"])
    return z, drop(layer.rules.activation.apply(z), mask)


def _loss(layer: Layer, leaves: dict[str, Tensor], h: Tensor, task: Task) -> tuple[Tensor, Tensor]:
    """(rows (B, J), losses (B,))."""
    p = {name: leaves[f"p.{name}"] for name in layer.p}
    row = task.competitors.row(layer.rules.goodness.scores(h, p))
    return row, layer.rules.objective.loss(row, task.index)

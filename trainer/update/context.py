"""What a layer hears of the others: the sums of their readings that its context adds to its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from trainer.nets.net import Net
    from trainer.nets.rows import Rows
    from trainer.update.reading import Task


@torch.no_grad()
def bases(net: Net, rows: Rows, task: Task, trained: int) -> dict[int, Tensor]:
    """What to add to the rows (N, J) of each of the first `trained` layers, by layer (from 0), where it hears any.

    One pass of `rows` through the net as it is when the step begins, without dropout; regions count with their mean.
    """
    heard = {layer.index: layer.rules.context.others(layer.index, trained) for layer in net.layers[:trained]}
    if not any(heard.values()):
        return {}
    scores = {layer.index: layer.scores(h) for layer, h in net.climb(rows, trained) if layer.reads}
    found = {}
    for index, others in heard.items():
        told = [scores[other].mean(1, keepdim=True) for other in others if other in scores]
        if told and index in scores:
            found[index] = task.row(torch.stack(told).sum(0).expand_as(scores[index]))
    return found

"""nebuly's Forward-Forward, as their study of memory trains it, restated in words of our own to be measured against.

What makes its memory what it is: a layer learns from the whole training set's activities, positive and negative rows
alike, which are all kept; while those of the next layer are being made, the old ones are still there. Every layer
keeps its gradient and Adam's moments after it has learnt, and a step holds autograd's graph of its whole batch.

As there: the label stands beside the image, rows have unit length, goodness is the mean square against a threshold of
2, negatives are drawn once, Adam at 0.03. Not as there: a wrong label is always wrong, softplus does not overflow, and
activities lie in one tensor instead of a list of rows. A step takes `batch` images under both signs, as ours does;
their study took half as many.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot, softplus

CLASSES, THETA, RATE = 10, 2.0, 0.03
Look = Callable[[], object]
"""Called where a step holds much, so that somebody may look at the memory."""


class Layer(nn.Module):
    """h = relu(W · x/|x| + b), with an optimiser that stays."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.linear = nn.Linear(inputs, outputs)
        self.optimiser = torch.optim.Adam(self.parameters(), lr=RATE)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.linear(x / (x.norm(2, 1, keepdim=True) + 1e-8)))

    def learn(self, rows: Tensor, look: Look) -> None:
        """One step on rows (2B, D), the positive half first."""
        positive, negative = self(rows).pow(2).mean(1).chunk(2)
        loss = softplus(THETA - positive).mean() + softplus(negative - THETA).mean()
        look()
        self.optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimiser.step()
        look()


def net(inputs: int, hidden: int, layers: int) -> list[Layer]:
    """So many layers on images of `inputs` pixels."""
    return [Layer(inputs + CLASSES if index == 0 else hidden, hidden) for index in range(layers)]


def rows_of(x: Tensor, y: Tensor) -> Tensor:
    """Images x (N, D) with their labels beside them, then the same with wrong ones: (2N, D + 10)."""
    wrong = (y + torch.randint(1, CLASSES, y.shape)) % CLASSES
    return torch.cat([torch.cat([x, one_hot(labels, CLASSES).to(x.dtype)], 1) for labels in (y, wrong)])


def train(layers: list[Layer], x: Tensor, y: Tensor, batch: int, look: Look) -> None:
    """One epoch of each layer, from below."""
    rows = rows_of(x, y)
    for layer in layers:
        for index in torch.split(torch.randperm(len(x)), batch):
            layer.learn(rows[torch.cat([index, index + len(x)])], look)
        rows = _through(layer, rows, batch, look)


@torch.no_grad()
def _through(layer: Layer, rows: Tensor, batch: int, look: Look) -> Tensor:
    """What the next layer learns from."""
    onward = rows.new_empty(len(rows), layer.linear.out_features)
    for into, part in zip(torch.split(onward, batch), torch.split(rows, batch), strict=True):
        into.copy_(layer(part))
    look()
    return onward

"""The usual Forward-Forward script, said plainly, to be measured against: two passes, autograd, torch.optim.Adam as it
comes, log(1 + exp), activities from before the update, and a label sweep that repeats the input."""

from __future__ import annotations

import torch
from torch import Tensor, nn

CLASSES = 10


def overlay(x: Tensor, labels: Tensor) -> Tensor:
    """Images (N, D) with the label in the first ten columns, as bright as the brightest pixel."""
    out = x.clone()
    out[:, :CLASSES] = 0.0
    out[range(len(x)), labels] = x.max()
    return out


class Layer(nn.Linear):
    """h = relu(W · x/|x| + b) with an optimiser of its own."""

    def __init__(self, inputs: int, outputs: int, theta: float = 2.0, lr: float = 0.03) -> None:
        super().__init__(inputs, outputs)
        self.theta, self.optimiser = theta, torch.optim.Adam(self.parameters(), lr=lr)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(super().forward(x / (x.norm(2, 1, keepdim=True) + 1e-4)))

    def learn(self, positive: Tensor, negative: Tensor) -> tuple[Tensor, Tensor]:
        """One step on the layer's own loss; returns both activities from before it."""
        h_positive, h_negative = self(positive), self(negative)
        g_positive, g_negative = h_positive.pow(2).mean(1), h_negative.pow(2).mean(1)
        loss = torch.log(1 + torch.exp(torch.cat([self.theta - g_positive, g_negative - self.theta]))).mean()
        self.optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimiser.step()
        return h_positive.detach(), h_negative.detach()


class Block(nn.Module):
    """A conv block under SymBa: batch norm, convolution, relu, and the pair's goodness; each sign a pass of its own."""

    def __init__(self, channels: int, alpha: float = 4.0, lr: float = 0.001) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(channels, affine=False)
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)
        self.alpha, self.optimiser = alpha, torch.optim.Adam(self.parameters(), lr=lr)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.conv(self.norm(x)))

    def learn(self, positive: Tensor, negative: Tensor) -> None:
        """One step."""
        gap = self(positive).pow(2).mean((1, 2, 3)) - self(negative).pow(2).mean((1, 2, 3))
        loss = torch.log(1 + torch.exp(-self.alpha * gap)).mean()
        self.optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimiser.step()


def joint(layers: list[Layer], positive: Tensor, negative: Tensor) -> None:
    """One step of every layer on one batch."""
    for layer in layers:
        positive, negative = layer.learn(positive, negative)


@torch.no_grad()
def sweep(layers: list[Layer], x: Tensor) -> Tensor:
    """The label of most goodness, (N,): every image under every label in one go."""
    labels = torch.arange(CLASSES).repeat_interleave(len(x))
    h, total = overlay(x.repeat(CLASSES, 1), labels), torch.zeros(len(labels))
    for layer in layers:
        h = layer(h)
        total += h.pow(2).mean(1)
    return total.view(CLASSES, len(x)).argmax(0)

"""The readout that learns: a linear softmax on activities, with an optimiser of its own and no gradient to the net."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from trainer.axes.optimiser import Adam
from trainer.blocks import features
from trainer.nets.restoring import take

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trainer.axes.readout import AnyHead
    from trainer.nets.net import Net

EPS = 1e-6


class Head:
    """Softmaxes on the activities of some layers, each scaled to RMS 1; those of one answer add up.

    Weights (K, F + 1) start at 0; the last column is the bias.
    """

    def __init__(self, rule: AnyHead, net: Net) -> None:
        self.rule = rule
        made = rule.softmaxes(len(net.layers))
        self._reads = [layers for each in made.values() for layers in each]
        """The layers (from 0) of each softmax."""
        self._answer_of = [name for name, each in made.items() for _ in each]
        self._net = net
        self._optimiser = Adam(lr=rule.lr)
        widths = {layer: features.width(net.layers[layer].block.outputs, rule.pool) for layer in self.layers}
        classes, like = net.coder.classes, net.coder.table  # a layer may have no parameters, and lie nowhere
        self.weights = [like.new_zeros(classes, sum(widths[layer] for layer in layers) + 1) for layers in self._reads]
        self.states = [self._optimiser.state(weight) for weight in self.weights]
        self._grads = [torch.zeros_like(weight) for weight in self.weights]

    @property
    def layers(self) -> list[int]:
        """The layers (from 0) that it reads."""
        return sorted({layer for layers in self._reads for layer in layers})

    @torch.no_grad()
    def read(self, x: Tensor) -> dict[int, Tensor]:
        """Features (B, F) of images x (B, D), without a label or under the neutral one, by layer (from 0)."""
        rows, wanted = self._net.coder.neutral(x), self.layers
        found = {}
        for layer, h in self._net.climb(rows, max(wanted) + 1):
            if layer.index in wanted:
                flat = features.flat(h, self.rule.pool)
                found[layer.index] = flat / (flat.square().mean(1, keepdim=True).sqrt() + EPS)
        return found

    @torch.no_grad()
    def study(self, x: Tensor, y: Tensor, count: int) -> Tensor:
        """Learn from images x (B, D) of a batch of `count`; returns log-probabilities (B, K) from before."""
        inputs = self._inputs(self.read(x))
        logs = self._logs(inputs)
        for rows, log, grad in zip(inputs, logs, self._grads, strict=True):
            slope = log.exp().scatter_add_(1, y[:, None], log.new_full((len(y), 1), -1.0)) / count
            grad.addmm_(slope.T, rows)
        return next(iter(self._added(logs).values()))

    @torch.no_grad()
    def answers(self, x: Tensor) -> tuple[dict[str, Tensor], dict[int, Tensor]]:
        """Log-probabilities (B, K) of images x (B, D) by each answer, the head's own first; and by single layers."""
        logs = self._logs(self._inputs(self.read(x)))
        return self._added(logs), {
            layers[0]: log for layers, log in zip(self._reads, logs, strict=True) if len(layers) == 1
        }

    def optimise(self, factor: float) -> None:
        """Take a step along the accumulated gradient, at `factor` times the learning rate, and clear it."""
        for name, weight, grad, state in zip(self._answer_of, self.weights, self._grads, self.states, strict=True):
            rate = factor * self.rule.share(name)
            if self.rule.weight_decay:
                weight[:, :-1].mul_(1 - self.rule.lr * rate * self.rule.weight_decay)
            self._optimiser.step(weight, grad, state, rate)
            grad.zero_()

    def tensors(self) -> dict[str, Tensor]:
        """Everything that a checkpoint has to hold, by name."""
        found = {f"weight.{n}": weight for n, weight in enumerate(self.weights)}
        for n, state in enumerate(self.states):
            found |= {f"state.{n}.{name}": value for name, value in state.items()}
        return found

    def restore(self, stored: Mapping[str, Tensor]) -> None:
        """Take what `tensors` gave."""
        take(self.tensors(), stored)

    def _inputs(self, found: dict[int, Tensor]) -> list[Tensor]:
        """The softmaxes' inputs, each with a column of ones."""
        parts = [torch.cat([found[layer] for layer in layers], 1) for layers in self._reads]
        return [torch.cat([part, part.new_ones(len(part), 1)], 1) for part in parts]

    def _logs(self, inputs: list[Tensor]) -> list[Tensor]:
        """Log-probabilities (B, K) by each softmax."""
        return [(rows @ weight.T).log_softmax(1) for rows, weight in zip(inputs, self.weights, strict=True)]

    def _added(self, logs: list[Tensor]) -> dict[str, Tensor]:
        """Each answer: the sum over its softmaxes."""
        return {
            name: torch.stack([log for log, of in zip(logs, self._answer_of, strict=True) if of == name]).sum(0)
            for name in dict.fromkeys(self._answer_of)
        }

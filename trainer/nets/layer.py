"""One fully connected layer: its parameters in one flat buffer, their gradients in another, its optimiser's state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from trainer.axes.normalisation import AnyNorm
from trainer.axes.precision import AnyPrecision, Float32
from trainer.nets.rows import Rows

if TYPE_CHECKING:
    from trainer.axes.activation import Relu
    from trainer.axes.goodness import AnyGoodness
    from trainer.axes.objective import AnyObjective
    from trainer.axes.optimiser import AnyOptimiser


@dataclass(frozen=True)
class Rules:
    """The values of the axes that hold for one layer."""

    goodness: AnyGoodness
    objective: AnyObjective
    optimiser: AnyOptimiser
    activation: Relu
    before: AnyNorm
    precision: AnyPrecision
    weight_decay: float
    peer: float
    frozen: bool


READING = Float32()
"""What evaluation computes in, whatever training does."""


class Buffer:
    """Named tensors laid one after another in one flat tensor; a second one of the same form holds gradients."""

    def __init__(self, parts: dict[str, Tensor]) -> None:
        self.shapes = {name: part.shape for name, part in parts.items()}
        self.flat = torch.cat([part.flatten() for part in parts.values()])
        self.values = self._views(self.flat)
        self.grad, self.grads = self.flat.new_empty(0), dict[str, Tensor]()

    def wake(self) -> None:
        """Make room for gradients, all 0."""
        self.grad = torch.zeros_like(self.flat)
        self.grads = self._views(self.grad)

    def rest(self) -> None:
        """Give the room of the gradients back."""
        self.grad, self.grads = self.flat.new_empty(0), {}

    def _views(self, flat: Tensor) -> dict[str, Tensor]:
        pieces = torch.split(flat, [shape.numel() for shape in self.shapes.values()])
        return {name: piece.view(shape) for (name, shape), piece in zip(self.shapes.items(), pieces, strict=True)}


class Layer:
    """h = act(x Wᵀ + b), and a goodness read from h. `p` are the goodness's parameters, trained or frozen."""

    def __init__(
        self, index: int, rules: Rules, weight: Tensor, bias: Tensor, p: dict[str, Tensor], *, reads: bool = True
    ) -> None:
        self.index, self.rules, self.reads = index, rules, reads
        own = {"weight": weight, "bias": bias}
        trained = {f"p.{name}": value for name, value in p.items()} if rules.goodness.learns else {}
        self.buffer = Buffer(own | trained)
        self.weight, self.bias = self.buffer.values["weight"], self.buffer.values["bias"]
        self.p = {name: self.buffer.values.get(f"p.{name}", value) for name, value in p.items()}
        self.mean_activity = torch.full_like(bias, 0.5)
        """Running mean activity of each unit, for peer normalisation (H,); starts at ½ as in Hinton's code."""
        self.state: dict[str, Tensor] = {}

    @property
    def _learning(self) -> slice:
        """The part of the flat buffers that learns: a frozen layer keeps weights and biases, which come first."""
        return slice(self.weight.numel() + self.bias.numel() if self.rules.frozen else 0, None)

    def wake(self) -> None:
        """Make room for gradients and the optimiser's state: this layer is going to learn."""
        self.buffer.wake()
        self.state = self.rules.optimiser.state(self.buffer.flat[self._learning])

    def rest(self) -> None:
        """Give that room back: this layer has learnt."""
        self.buffer.rest()
        self.state = {}

    @property
    def name(self) -> str:
        return f"{self.weight.shape[1]} → {self.weight.shape[0]}"

    @property
    def parameters(self) -> int:
        return sum(t.numel() for t in (self.weight, self.bias, *self.p.values()))

    def activity(self, rows: Rows, precision: AnyPrecision = READING) -> Tensor:
        """h (R, H), scaled where the goodness wants it so; for reading, not for learning."""
        z = rows.product(self.weight, self.bias, precision)
        return self.rules.before.apply(self.rules.activation.apply_(z))

    def scores(self, h: Tensor) -> Tensor:
        """The goodness of h: (R, 1) or (R, K)."""
        return self.rules.goodness.scores(h, self.p)

    def optimise(self, factor: float) -> None:
        """Take a step along the accumulated gradient, at `factor` times the learning rate, and clear it."""
        rules, part = self.rules, self._learning
        if rules.weight_decay and not rules.frozen:
            self.weight.mul_(1 - rules.optimiser.lr * factor * rules.weight_decay)
        if self.buffer.flat[part].numel():
            rules.optimiser.step(self.buffer.flat[part], self.buffer.grad[part], self.state, factor)
        self.buffer.grad.zero_()

    def tensors(self) -> dict[str, Tensor]:
        """Everything that a checkpoint has to hold, by name."""
        p = {f"p.{name}": value for name, value in self.p.items()}
        frozen = {name: value for name, value in p.items() if name not in self.buffer.values}
        state = {f"state.{name}": value for name, value in self.state.items()}
        return {"flat": self.buffer.flat, "mean_activity": self.mean_activity} | frozen | state

    @property
    def awake(self) -> bool:
        """Whether the layer has room to learn."""
        return bool(self.buffer.grads)

    def restore(self, stored: Mapping[str, Tensor]) -> None:
        """Take what `tensors` gave, and whether the layer was awake, from a checkpoint."""
        if stored["awake"]:
            self.wake()
        for name, value in self.tensors().items():
            value.copy_(stored[name])

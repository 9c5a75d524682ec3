"""A convolution on maps, its activation, and pooling. Imports no torch at module level."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any, Literal

from trainer.blocks import pooling
from trainer.blocks.base import Linear, Pull, Shape
from trainer.blocks.chain import Pool

if TYPE_CHECKING:
    from torch import Generator, Tensor

    from trainer.blocks.base import Weights

Join = Literal["none", "add", "concat"]


@dataclass(frozen=True)
class Conv(Linear):
    """h = pool(act(W ∗ x + b)) for maps (C, H, W), padded so that a stride of 1 keeps their size."""

    kernel: int
    stride: int = 1
    groups: int = 1
    pool: Pool = "none"
    window: int = 2
    bias: bool = True
    join: Join = "none"
    """How the shortcut that ends here meets what enters."""
    opens: bool = False
    """Whether a shortcut begins with what enters here."""
    classes: int = 1
    """Groups of channels that a concatenated shortcut keeps together."""

    @property
    def inner(self) -> Shape:
        """Of the maps before pooling."""
        return (self.outputs[0], *(-(-places // self.stride) for places in self.inputs[1:]))

    @property
    def widest(self) -> int:
        return prod(self.inner)

    def parts(self) -> dict[str, Shape]:
        weight = (self.outputs[0], self.inputs[0] // self.groups, self.kernel, self.kernel)
        return {"weight": weight} | ({"bias": self.outputs[:1]} if self.bias else {})

    def draw(self, init: Any, rng: Generator) -> Weights:
        shape = self.parts()["weight"]
        drawn: Weights = init.draw(shape, prod(shape[1:]), rng)
        return drawn if self.bias else {"weight": drawn["weight"]}

    def products(self) -> int:
        return prod(self.parts()["weight"]) * prod(self.inner[1:])

    def forward(self, w: Weights, x: Tensor, activation: Any, precision: Any) -> tuple[Tensor, Tensor]:
        z = self._convolved(w, x, precision)
        return precision.lift(z), precision.lift(pooling.pooled(activation.apply(z), self.pool, self.window))

    def product(self, w: Weights, rows: Any, precision: Any) -> Tensor:
        return self._convolved(w, rows.dense(), precision)

    def settle(self, a: Tensor, precision: Any) -> tuple[Tensor, Pull]:
        import torch

        if self.pool == "none":
            return precision.lift(a), lambda slope: slope.to(a.dtype)
        with torch.enable_grad():
            leaf = a.detach().requires_grad_()
            small = pooling.pooled(leaf, self.pool, self.window)
        return precision.lift(small.detach()), lambda slope: torch.autograd.grad(small, leaf, slope.to(small.dtype))[0]

    def accumulate(self, grads: Weights, rows: Any, delta: Tensor, precision: Any) -> None:
        import torch

        x, delta = _maps(precision.cast(rows.dense())), precision.cast(delta)
        weight = delta.new_empty(1).expand(self.parts()["weight"])  # its shape is all that is asked for
        side, pad = [self.stride, self.stride], [self.kernel // 2, self.kernel // 2]
        _, dw, db = torch.ops.aten.convolution_backward(
            delta, x, weight, list(self.outputs[:1]), side, pad, [1, 1], False, [0, 0], self.groups,
            [False, True, self.bias],
        )  # fmt: skip
        grads["weight"].add_(dw)
        if self.bias:
            grads["bias"].add_(db)

    def joined(self, x: Tensor, shortcut: Tensor | None) -> Tensor:
        import torch
        import torch.nn.functional as F

        if self.join == "none" or shortcut is None:
            return x
        if shortcut.shape[2:] != x.shape[2:]:
            shortcut = F.adaptive_avg_pool2d(shortcut, x.shape[2:])
        if self.join == "add":
            return x + shortcut
        mine, kept = (t.unflatten(1, (self.classes, -1)) for t in (x, shortcut))
        return torch.cat([mine, kept], 2).flatten(1, 2)

    def _convolved(self, w: Weights, x: Tensor, precision: Any) -> Tensor:
        """W ∗ x + b in the precision's own numbers, channels last in memory."""
        import torch.nn.functional as F

        bias = precision.cast(w["bias"]) if self.bias else None
        weight = _maps(precision.cast(w["weight"]))
        return F.conv2d(_maps(precision.cast(x)), weight, bias, self.stride, self.kernel // 2, groups=self.groups)


def _maps(x: Tensor) -> Tensor:
    """Channels last in memory: faster on every device here."""
    import torch

    return x.contiguous(memory_format=torch.channels_last)

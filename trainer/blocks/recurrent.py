"""A layer that takes what stands below it and what stands above it. Imports no torch at module level."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any, cast

from trainer.blocks.base import Linear, Shape

if TYPE_CHECKING:
    from torch import Generator, Tensor

    from trainer.blocks.base import Weights

HALF = 0.5**0.5
"""Each side gives half of the variance at the start."""


@dataclass(frozen=True)
class TopDown(Linear):
    """h = act(W · below + V · above + b); a row is what stands below and, beside it, what stands above."""

    still: int = 0
    """Numbers below that are the same at every tick and for every label: the image's."""
    above: int = 0
    """Numbers that stand above."""

    @property
    def below(self) -> int:
        """Numbers that stand below."""
        return self.inputs[0] - self.above

    def parts(self) -> dict[str, Shape]:
        units = self.outputs[0]
        return {"weight": (units, self.below), "down": (units, self.above), "bias": self.outputs}

    def draw(self, init: Any, rng: Generator) -> Weights:
        up = init.draw(self.parts()["weight"], self.below, rng)
        down = init.draw(self.parts()["down"], self.above, rng)
        return {"weight": up["weight"] * HALF, "down": down["weight"] * HALF, "bias": up["bias"]}

    def products(self) -> int:
        return prod(self.inputs) * self.outputs[0]

    def work(self, rows: int, turns: tuple[int, int]) -> int:
        below = self.still if self.still else self.below * rows * turns[0]
        return self.outputs[0] * (below + self.above * rows * turns[1])

    def forward(self, w: Weights, x: Tensor, activation: Any, precision: Any) -> tuple[Tensor, Tensor]:
        above = precision.affine(x[:, self.below :], w["down"], w["bias"])
        z = precision.affine(x[:, : self.below], w["weight"], above)
        return z, activation.apply(z)

    def product(self, w: Weights, rows: Any, precision: Any) -> Tensor:
        z = rows.above.onto(w["bias"], w["down"], precision)
        z = rows.below.onto(z, w["weight"], precision)
        return cast("Tensor", z.expand(len(rows), -1).clone() if z.ndim == 1 else z)

    def accumulate(self, grads: Weights, rows: Any, delta: Tensor, precision: Any) -> None:
        rows.below.accumulate(delta, grads["weight"], precision)
        rows.above.accumulate(delta, grads["down"], precision)
        grads["bias"].add_(delta.sum(0))

    @property
    def name(self) -> str:
        return f"{self.below} → {self.outputs[0]} ← {self.above}"

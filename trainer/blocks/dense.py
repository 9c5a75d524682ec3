"""A fully connected layer. Imports no torch at module level."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from trainer.blocks.base import Linear, Shape

if TYPE_CHECKING:
    from torch import Generator, Tensor

    from trainer.blocks.base import Weights


@dataclass(frozen=True)
class Dense(Linear):
    """h = act(x Wᵀ + b) for rows (D,) to units (H,)."""

    def parts(self) -> dict[str, Shape]:
        return {"weight": (self.outputs[0], self.inputs[0]), "bias": self.outputs}

    def draw(self, init: Any, rng: Generator) -> Weights:
        return init.draw(self.parts()["weight"], self.inputs[0], rng)  # type: ignore[no-any-return]

    def products(self) -> int:
        return self.inputs[0] * self.outputs[0]

    def forward(self, w: Weights, x: Tensor, activation: Any, precision: Any) -> tuple[Tensor, Tensor]:
        z = precision.affine(x.flatten(1), w["weight"], w["bias"])
        return z, activation.apply(z)

    def product(self, w: Weights, rows: Any, precision: Any) -> Tensor:
        return rows.product(w["weight"], w["bias"], precision)  # type: ignore[no-any-return]

    def accumulate(self, grads: Weights, rows: Any, delta: Tensor, precision: Any) -> None:
        rows.accumulate(delta, grads["weight"], grads["bias"], precision)

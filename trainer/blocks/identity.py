"""No layer at all: what enters is the activity. Imports no torch at module level."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from trainer.blocks.base import Block, Shape

if TYPE_CHECKING:
    from torch import Generator, Tensor

    from trainer.blocks.base import Weights


@dataclass(frozen=True)
class Identity(Block):
    """h = x: so that a readout can read the pixels themselves."""

    def parts(self) -> dict[str, Shape]:
        return {}

    def draw(self, init: Any, rng: Generator) -> Weights:
        return {}

    def products(self) -> int:
        return 0

    def forward(self, w: Weights, x: Tensor, activation: Any, precision: Any) -> tuple[Tensor, Tensor]:
        return x, x

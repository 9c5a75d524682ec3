"""A layer whose units see a neighbourhood each, with weights of their own. Imports no torch at module level."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from trainer.blocks.dense import Dense

if TYPE_CHECKING:
    import torch
    from torch import Generator, Tensor

    from trainer.blocks.base import Weights


@dataclass(frozen=True)
class Local(Dense):
    """As a fully connected layer, of which only the weights between neighbours exist: rows of places, channels last.

    Computed as one product with a masked weight: on every processor faster than many small ones.
    """

    places: tuple[int, int]
    """Down and across; the layer below has the same."""
    field: int
    """Places each way that a unit sees."""
    label: int = 0
    """Numbers at the start of a row that every unit sees."""

    @property
    def below(self) -> int:
        """Numbers at a place of the layer below."""
        return (self.inputs[0] - self.label) // (self.places[0] * self.places[1])

    @property
    def numbers(self) -> int:
        units = self.outputs[0] // (self.places[0] * self.places[1])
        down, across = (_pairs(places, self.field) for places in self.places)
        return down * across * units * self.below + self.outputs[0] * (self.label + 1)

    def draw(self, init: Any, rng: Generator) -> Weights:
        down, across = (min(places, self.field) for places in self.places)
        drawn: Weights = init.draw(self.parts()["weight"], down * across * self.below + self.label, rng)
        self.constrain(drawn)
        return drawn

    def constrain(self, grads: Weights) -> None:
        grads["weight"].mul_(_mask(self, grads["weight"].device))


def _pairs(places: int, field: int) -> int:
    """Pairs of neighbours along a line."""
    reach = field // 2
    return sum(min(places, at + reach + 1) - max(0, at - reach) for at in range(places))


@lru_cache(maxsize=16)
def _mask(block: Local, device: torch.device) -> Tensor:
    """True where a weight (outputs, inputs) exists."""
    import torch

    near = [(torch.arange(n)[:, None] - torch.arange(n)).abs() <= block.field // 2 for n in block.places]
    down, across = near
    neighbours = (down[:, None, :, None] & across[None, :, None, :]).flatten(2).flatten(0, 1)
    units = block.outputs[0] // len(neighbours)
    mask = neighbours.repeat_interleave(units, 0).repeat_interleave(block.below, 1)
    seen = torch.ones(len(mask), block.label, dtype=torch.bool)
    return torch.cat([seen, mask], 1).to(device)

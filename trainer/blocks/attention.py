"""A transformer's block. Imports no torch at module level."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from trainer.blocks.base import Block, Shape

if TYPE_CHECKING:
    from torch import Generator, Tensor

    from trainer.blocks.base import Weights

EPS = 1e-5
"""Added to the variance in the layer norms."""
POSITION = 1.0
"""Standard deviation of the positions' embedding at the start."""


@dataclass(frozen=True)
class Attention(Block):
    """Tokens (T, E) to tokens: x += attention(norm(x)), then x += fall · act(rise · norm(x)).

    The layer norms have no scale and shift of their own: the map that follows has them. Source: Vaswani et al. 2017;
    the norm stands before, as in Xiong et al. 2020.
    """

    heads: int = 1
    ratio: int = 1
    """Hidden units of the second half, for each number of a token."""
    embeds: bool = False
    """Whether patches (T, P) enter, which are embedded first, with their positions."""

    unit_axis: ClassVar[int] = 2

    def parts(self) -> dict[str, Shape]:
        wide, hidden = self.outputs[1], self.outputs[1] * self.ratio
        maps = {"mix": (3 * wide, wide), "out": (wide, wide), "rise": (hidden, wide), "fall": (wide, hidden)}
        first: dict[str, Shape] = {"position": self.outputs} if self.embeds else {}
        maps = ({"patch": (wide, self.inputs[1])} if self.embeds else {}) | maps
        return first | {f"{name}.{part}": shape for name, map_ in maps.items() for part, shape in _linear(map_).items()}

    def draw(self, init: Any, rng: Generator) -> Weights:
        import torch

        drawn = {}
        for name, shape in self.parts().items():
            if name == "position":
                drawn[name] = torch.empty(shape, device=rng.device).normal_(0, POSITION, generator=rng)
            elif name.endswith(".weight"):
                linear = init.draw(shape, shape[1], rng)
                drawn |= {name: linear["weight"], name.replace("weight", "bias"): linear["bias"]}
        return {name: drawn[name] for name in self.parts()}

    def products(self) -> int:
        tokens, wide = self.outputs
        embedding = self.inputs[1] * wide if self.embeds else 0
        return tokens * (embedding + (4 + 2 * self.ratio) * wide**2 + 2 * tokens * wide)

    def back_work(self, rows: int, turns: tuple[int, int]) -> int:
        """Of all maps; the derivative passes all but the lowest, too."""
        tokens, wide = self.outputs
        lowest = tokens * wide * (self.inputs[1] if self.embeds else 3 * wide)
        return (2 * self.products() - lowest) * rows * turns[0]

    @property
    def widest(self) -> int:
        """Queries, keys and values, or hidden units."""
        return self.outputs[0] * self.outputs[1] * max(3, self.ratio)

    def forward(self, w: Weights, x: Tensor, activation: Any, precision: Any) -> tuple[Tensor, Tensor]:
        if self.embeds:
            x = _map(w, "patch", x, precision) + w["position"]
        x = x + _map(w, "out", self._attend(_map(w, "mix", _norm(x), precision)), precision)
        z = _map(w, "rise", _norm(x), precision)
        return z, x + _map(w, "fall", activation.apply(z), precision)

    def _attend(self, mixed: Tensor) -> Tensor:
        """Queries, keys and values (R, T, 3 E) to what each token makes of all others, (R, T, E)."""
        import torch.nn.functional as F

        rows, tokens, _ = mixed.shape
        q, k, v = mixed.view(rows, tokens, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        return F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(rows, tokens, -1)


def _linear(shape: Shape) -> dict[str, Shape]:
    return {"weight": shape, "bias": shape[:1]}


def _norm(x: Tensor) -> Tensor:
    import torch.nn.functional as F

    return F.layer_norm(x, x.shape[-1:], eps=EPS)


def _map(w: Weights, name: str, x: Tensor, precision: Any) -> Tensor:
    """A linear map of each token."""
    y: Tensor = precision.affine(x.flatten(0, 1), w[f"{name}.weight"], w[f"{name}.bias"])
    return y.view(*x.shape[:2], -1)

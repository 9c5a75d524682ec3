"""What a row of competing readings should look like. Imports no torch at module level.

An objective sees rows S (B, J) and the index of the true reading (B,), whatever they come from: `loss` (B,) and its
derivative `slope` (B, J). With more than two competitors the wrong ones count with equal weights that sum to 1.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from trainer.axes.base import RARE, Value
from trainer.axes.terms import AnyTerm
from trainer.blocks.base import Shape

if TYPE_CHECKING:
    from torch import Generator, Tensor


def _wrong(row: Tensor, index: Tensor) -> Tensor:
    """Weights (B, J) of the wrong readings: 1/(J-1) each, 0 for the true one."""
    return row.new_full(row.shape, 1 / (row.shape[1] - 1)).scatter_(1, index[:, None], 0.0)


class Objective(Value, ABC):
    """What rows of readings should look like."""

    levels: ClassVar[bool] = False
    """Whether goodness has to reach a level before labels part, and not only to differ between them."""
    terms: tuple[AnyTerm, ...] = Field((), max_length=4, title="Terms", json_schema_extra=RARE)
    """Losses that read the layer's features instead of its row, each with its weight."""

    @property
    def across(self) -> bool:
        """Whether it compares the images of a batch, which then goes through whole: its terms do."""
        return bool(self.terms)

    @property
    def share(self) -> float:
        """Weight of the rows' own loss: what the terms leave of 1."""
        return 1.0 - sum(term.weight for term in self.terms)

    def numbers(self, shape: Shape) -> int:
        """How many numbers the terms' heads learn, on an activity of that shape."""
        return sum(term.numbers(shape) for term in self.terms)

    def init(self, shape: Shape, rng: Generator) -> dict[str, Tensor]:
        """The terms' heads by name, `t0.…` those of the first, on the generator's device."""
        heads = [(f"t{number}", term.init(shape, rng)) for number, term in enumerate(self.terms)]
        return {f"{prefix}.{name}": weight for prefix, head in heads for name, weight in head.items()}

    @model_validator(mode="after")
    def _weighed(self) -> Self:
        if self.share < -1e-9:
            raise ValueError("the weights of the terms add up to more than 1: together at most 1 would work")
        return self

    @abstractmethod
    def loss(self, row: Tensor, index: Tensor) -> Tensor:
        """(B, J) and the true column (B,) to (B,)."""

    @abstractmethod
    def slope(self, row: Tensor, index: Tensor) -> Tensor:
        """dL/drow (B, J)."""


class Threshold(Objective, title="Threshold"):
    """Positive data above θ, negative data below. The means of the two are added. Hinton's, Pezeshki's and loeweX's
    codes take one mean over both, half of it: SGD's rate is half of theirs here; the decay beside it, Adam's eps, clip
    and peer normalisation are twice.
    """

    formula: ClassVar[str] = "softplus(slope·(θ − g⁺)) + softplus(slope·(g⁻ − θ))"
    cites: ClassVar[str] = "Hinton 2022; mohammadpz/pytorch_forward_forward. Two thresholds: SCFF (Chen et al. 2025)"
    levels: ClassVar[bool] = True
    TIMES: ClassVar[float] = 2.0
    """How many times the loss of a code that takes one mean over positive and negative rows."""
    kind: Literal["threshold"] = "threshold"
    theta: float = Field(2.0, ge=-1e6, le=1e6, title="Threshold θ")
    """Goodness that parts positive from negative data: 1 to 2 for a mean, about the layer's width for a sum."""
    theta_negative: float | None = Field(
        None, ge=-1e6, le=1e6, title="θ of the negatives", json_schema_extra={**RARE, "empty": "θ"}
    )
    """Goodness that negative data should be below; empty: θ."""
    sharpness: float = Field(1.0, gt=0, le=1e6, alias="slope", title="Slope")
    """How sharply θ parts them (1/temperature). 20 is a good value for a mean; 1 for a sum."""

    def loss(self, row: Tensor, index: Tensor) -> Tensor:
        import torch.nn.functional as F

        true = F.softplus((self.theta - row.gather(1, index[:, None])) * self.sharpness)[:, 0]
        return true + (F.softplus((row - self._ceiling) * self.sharpness) * _wrong(row, index)).sum(1)

    def slope(self, row: Tensor, index: Tensor) -> Tensor:
        true = ((self.theta - row.gather(1, index[:, None])) * self.sharpness).sigmoid().neg_()
        wrong = ((row - self._ceiling) * self.sharpness).sigmoid() * _wrong(row, index)
        return wrong.scatter_(1, index[:, None], true) * self.sharpness

    @property
    def _ceiling(self) -> float:
        return self.theta if self.theta_negative is None else self.theta_negative


class _Pairwise(Objective):
    """A loss of u = α·(wrong − true), averaged over the wrong readings."""

    alpha: float

    def loss(self, row: Tensor, index: Tensor) -> Tensor:
        return (self._value(self._excess(row, index)) * _wrong(row, index)).sum(1)

    def slope(self, row: Tensor, index: Tensor) -> Tensor:
        wrong = self._derivative(self._excess(row, index)) * _wrong(row, index) * self.alpha
        return wrong.scatter_add(1, index[:, None], -wrong.sum(1, keepdim=True))

    def _excess(self, row: Tensor, index: Tensor) -> Tensor:
        return (row - row.gather(1, index[:, None])) * self.alpha

    @abstractmethod
    def _value(self, u: Tensor) -> Tensor: ...

    @abstractmethod
    def _derivative(self, u: Tensor) -> Tensor: ...


class SymBa(_Pairwise, title="SymBa"):
    """Only the gap between a positive and its negative counts; there is no threshold."""

    formula: ClassVar[str] = "softplus(−α·(g⁺ − g⁻))"
    cites: ClassVar[str] = "Lee & Song 2023, arXiv 2303.08418"
    kind: Literal["symba"] = "symba"
    alpha: float = Field(4.0, gt=0, le=1000, title="α")
    """How steep the loss is in the gap; 4 is usual for a mean goodness."""

    def _value(self, u: Tensor) -> Tensor:
        import torch.nn.functional as F

        return F.softplus(u)

    def _derivative(self, u: Tensor) -> Tensor:
        return u.sigmoid()


class SwishSymBa(_Pairwise, title="Swish-SymBa"):
    """As SymBa, but bounded below, so that pairs far apart are not pushed further."""

    formula: ClassVar[str] = "u·σ(u) with u = −α·(g⁺ − g⁻)"
    cites: ClassVar[str] = "dah33/explore_forward_forward; FF-jax"
    kind: Literal["swish_symba"] = "swish_symba"
    alpha: float = Field(6.0, gt=0, le=1000, title="α")
    """How steep the loss is in the gap; 3 to 6 for a mean goodness. Pairs rest at a gap of about 1.28/α."""

    def _value(self, u: Tensor) -> Tensor:
        return u * u.sigmoid()

    def _derivative(self, u: Tensor) -> Tensor:
        q = u.sigmoid()
        return q + u * q * (1 - q)


class Margin(Objective, title="Margin"):
    """The positive should be ahead by m, and negatives should be small."""

    formula: ClassVar[str] = "max(0, m + g⁻ − g⁺) + λ·g⁻"
    cites: ClassVar[str] = (
        "Distance-Forward's N-pair margin loss (Wu et al. 2024); m and λ are not published, 1 and 0.03 are ours"
    )
    kind: Literal["margin"] = "margin"
    margin: float = Field(1.0, ge=0, le=1e6, title="Margin m")
    """By how much the positive should be ahead; pairs that are have no loss."""
    pull_down: float = Field(0.03, ge=0, le=1e6, title="λ")
    """How strongly negatives are pulled down, whatever the gap."""

    def loss(self, row: Tensor, index: Tensor) -> Tensor:
        gap = (row - row.gather(1, index[:, None]) + self.margin).relu()
        return ((gap + row * self.pull_down) * _wrong(row, index)).sum(1)

    def slope(self, row: Tensor, index: Tensor) -> Tensor:
        weights = _wrong(row, index)
        short = (row - row.gather(1, index[:, None]) + self.margin > 0) * weights
        return (short + weights * self.pull_down).scatter_add_(1, index[:, None], -short.sum(1, keepdim=True))


class CrossEntropy(Objective, title="Cross entropy"):
    """Of a class row, or of a positive against its negative."""

    formula: ClassVar[str] = "−log softmax(S/T) of the true reading"
    cites: ClassVar[str] = "backprop's usual loss; Mono-Forward (Gong, Li, Abdulla 2025)"
    kind: Literal["cross_entropy"] = "cross_entropy"
    temperature: float = Field(1.0, gt=0, le=1000, title="Temperature T")
    """Divides the scores: below 1 sharper, above 1 softer."""

    def loss(self, row: Tensor, index: Tensor) -> Tensor:
        import torch.nn.functional as F

        return F.cross_entropy(row / self.temperature, index, reduction="none")

    def slope(self, row: Tensor, index: Tensor) -> Tensor:
        chances = (row / self.temperature).softmax(1)
        return chances.scatter_add(1, index[:, None], chances.new_full((len(row), 1), -1.0)) / self.temperature


AnyObjective = Annotated[Threshold | SymBa | SwishSymBa | Margin | CrossEntropy, Field(discriminator="kind")]

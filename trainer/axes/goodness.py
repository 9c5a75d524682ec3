"""What a layer's activity says of its input. Imports no torch at module level.

How to add one: a class below `Goodness` with `scores` and `pull`, named in `AnyGoodness` at the file's end.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from trainer.axes.base import RARE, Value

if TYPE_CHECKING:
    from torch import Generator, Tensor

    Parameters = dict[str, Tensor]


class Goodness(Value, ABC):
    """A stateless reading of a layer's activity h (R, H); what it has to learn are the layer's parameters p."""

    gives: ClassVar[Literal["reading", "classes"]] = "reading"
    """reading: one number a row, so candidate labels compete. classes: one a class, (R, K)."""

    @property
    def reads_length(self) -> bool:
        """Whether it reads the activity's length alone, so that a length normalisation before it kills it."""
        return False

    @property
    def learns(self) -> bool:
        """Whether p is trained with the layer."""
        return False

    def numbers(self, width: int, classes: int) -> int:
        """How many numbers p holds."""
        return 0

    def init(self, width: int, classes: int, rng: Generator) -> Parameters:
        """p for a layer of `width` units, on the generator's device."""
        return {}

    @abstractmethod
    def scores(self, h: Tensor, p: Parameters) -> Tensor:
        """(R, H) to (R, 1), or (R, K) where it gives classes."""

    @abstractmethod
    def pull(self, h: Tensor, p: Parameters, slope: Tensor) -> tuple[Tensor, Parameters]:
        """dL/dh (R, H) and dL/dp from dL/dscores, in closed form."""


class Activity(Goodness, title="Activity"):
    """How active the layer is: the sum or mean over its units of h or h².

    Source: Hinton 2022 (sum of squares); mohammadpz/pytorch_forward_forward (mean of squares).
    """

    kind: Literal["activity"] = "activity"
    power: Literal[1, 2] = Field(2, title="Power")
    """2: squared activity. 1: the activity itself (its gradient does not grow with the activity)."""
    reduce: Literal["mean", "sum"] = Field("mean", title="Over the units")
    """sum: the threshold is then about the layer's width. mean: about 1 to 2, whatever the width."""
    sign: Literal[1, -1] = Field(1, title="Sign", json_schema_extra=RARE)
    """1: positive data should be active. -1: positive data should be quiet (thresholds are then negative)."""

    @property
    def reads_length(self) -> bool:
        return self.power == 2

    def _scale(self, width: int) -> float:
        return self.sign / (width if self.reduce == "mean" else 1)

    def scores(self, h: Tensor, p: Parameters) -> Tensor:
        """(R, H) to (R, 1)."""
        import torch

        total = torch.linalg.vector_norm(h, dim=1, keepdim=True).square() if self.power == 2 else h.sum(1, keepdim=True)
        return total * self._scale(h.shape[1])

    def pull(self, h: Tensor, p: Parameters, slope: Tensor) -> tuple[Tensor, Parameters]:
        """dL/dh (R, H) from dL/dscores (R, 1)."""
        scale = self._scale(h.shape[1])
        if self.power == 2:
            return h * (slope * (2 * scale)), {}
        return (slope * scale).expand_as(h), {}


class Projection(Goodness, title="Projection"):
    """One score a class: the activity projected by a matrix M of the layer's own, h Mᵀ.

    Source: Mono-Forward (Gong, Li, Abdulla 2025); on the last layer under backprop it is the usual output layer.
    """

    gives: ClassVar[Literal["reading", "classes"]] = "classes"
    kind: Literal["projection"] = "projection"
    trained: bool = Field(True, title="Trained")
    """Train M with the layer; a frozen random M works nearly as well."""
    start: Literal["zero", "normal"] = Field("zero", title="Start")
    """zero: M starts at 0. normal: M starts random with variance 1/width."""
    bias: bool = Field(False, title="Bias")
    """Add a bias a class."""

    @property
    def learns(self) -> bool:
        return self.trained

    def numbers(self, width: int, classes: int) -> int:
        return classes * (width + self.bias)

    def init(self, width: int, classes: int, rng: Generator) -> Parameters:
        """matrix (K, H) and, where asked for, bias (K,), float32 on the generator's device."""
        import torch

        matrix = torch.zeros(classes, width, device=rng.device)
        if self.start == "normal":
            matrix.normal_(0, width**-0.5, generator=rng)
        return {"matrix": matrix} | ({"bias": torch.zeros(classes, device=rng.device)} if self.bias else {})

    def scores(self, h: Tensor, p: Parameters) -> Tensor:
        """(R, H) to (R, K)."""
        scores = h @ p["matrix"].T
        return scores + p["bias"] if self.bias else scores

    def pull(self, h: Tensor, p: Parameters, slope: Tensor) -> tuple[Tensor, Parameters]:
        """dL/dh (R, H) and dL/dp from dL/dscores (R, K); a frozen M has no dL/dp."""
        dh = slope @ p["matrix"]
        if not self.trained:
            return dh, {}
        return dh, {"matrix": slope.T @ h} | ({"bias": slope.sum(0)} if self.bias else {})


AnyGoodness = Annotated[Activity | Projection, Field(discriminator="kind")]

"""What every goodness has in common. Imports no torch at module level."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar, Literal, Self

from trainer.axes.base import Moment, Value
from trainer.blocks.base import Shape
from trainer.clash import Misfit

if TYPE_CHECKING:
    from torch import Generator, Tensor

    Parameters = dict[str, Tensor]


class Goodness(Value, ABC):
    """A stateless reading of a layer's activity h; what it has to learn are the layer's parameters p.

    h is (R, H) units, (R, C, H, W) maps or (R, T, E) tokens; `shape` is that of one row of it.
    """

    gives: ClassVar[Literal["reading", "classes"]] = "reading"
    """reading: one number a row, so candidate labels compete. classes: one a class, (R, K)."""

    @property
    def reads(self) -> frozenset[Moment]:
        """Of what alone it is made, so that a normalisation before it that makes this equal for all rows kills it."""
        return frozenset()

    @property
    def fades(self) -> bool:
        """Whether dL/dh is 0 wherever h is."""
        return False

    @property
    def learns(self) -> bool:
        """Whether p is trained with the layer."""
        return False

    def bound(self, classes: int) -> Self:
        """The value for a data set of that many classes."""
        return self

    def numbers(self, shape: Shape, classes: int) -> int:
        """How many numbers p holds."""
        return 0

    def init(self, shape: Shape, classes: int, rng: Generator) -> Parameters:
        """p for a layer's activity of that shape, on the generator's device."""
        return {}

    def misfit(self, shape: Shape, classes: int) -> Misfit | None:
        """What about a layer's activity of that shape keeps it from being read so, and what would work."""
        return None

    @abstractmethod
    def scores(self, h: Tensor, p: Parameters) -> Tensor:
        """(R, …) to (R, 1), (R, regions), or (R, K) where it gives classes."""

    def pull(self, h: Tensor, p: Parameters, slope: Tensor) -> tuple[Tensor, Parameters]:
        """dL/dh and dL/dp from dL/dscores; by autograd unless a class states it in closed form."""
        import torch

        with torch.enable_grad():
            leaves = (
                [t.detach().requires_grad_() for t in (h, *p.values())]
                if self.learns
                else [h.detach().requires_grad_()]
            )
            named = dict(zip(p, leaves[1:], strict=True)) if self.learns else p
            # a scalar: torch loads sympy for anything else, which takes seconds
            dh, *dp = torch.autograd.grad((self.scores(leaves[0], named) * slope).sum(), leaves)
        return dh, dict(zip(p, dp, strict=True)) if self.learns else {}

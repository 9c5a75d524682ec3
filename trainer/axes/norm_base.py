"""What everything that scales rows has in common. Imports no torch at module level."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Self

from trainer.axes.base import Moment, Value
from trainer.clash import Misfit

if TYPE_CHECKING:
    from torch import Generator, Tensor

    State = dict[str, Tensor]


class Norm(Value):
    """What every normalisation tells. Rows are (R, D) units, (R, C, H, W) maps or (R, T, E) tokens."""

    by_length: ClassVar[bool] = False
    removes: ClassVar[frozenset[Moment]] = frozenset()
    """What it makes equal for all rows."""
    differentiable: ClassVar[bool] = True
    remembers: ClassVar[bool] = False
    """Whether rows change it, so that the same ones must not enter twice."""
    across: ClassVar[bool] = False
    """Whether what it makes of a row hangs on the other rows of the batch, which then goes through whole."""
    pulls: ClassVar[bool] = False
    """Whether `pull` gives the derivative in closed form."""

    def bound(self, classes: int) -> Self:
        """The value for a data set of that many classes."""
        return self

    def misfit(self, shape: tuple[int, ...], classes: int) -> Misfit | None:
        """What about rows of that shape keeps them from being normalised so, and what would work."""
        return None

    def learned_numbers(self, shape: tuple[int, ...]) -> int:
        """How many numbers it learns with its layer, for rows of that shape."""
        return 0

    def learned(self, channels: int, device: object) -> State:
        """What it learns with its layer, at the start."""
        return {}

    def running(self, channels: int, device: object) -> State:
        """What it remembers from step to step, at the start."""
        return {}

    def drawn(self, shape: tuple[int, ...], rng: Generator) -> State:
        """What is drawn once for rows of that shape and stays, on the generator's device."""
        return {}

    def apply(self, x: Tensor, state: State, *, training: bool = False) -> Tensor:
        """Normalised rows."""
        raise NotImplementedError

    def scale(self, length: Tensor, width: int) -> Tensor:
        """By length only: the factor of rows of that length, (R, 1), and `width` numbers."""
        raise NotImplementedError

    def pull(self, x: Tensor, slope: Tensor) -> Tensor:
        """dL/dx from dL/d(normalised x), where `pulls`."""
        raise NotImplementedError

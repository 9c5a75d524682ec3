"""How the learning rate changes over a run, or over a layer's own epochs when greedy. Imports no torch."""

from __future__ import annotations

from abc import ABC, abstractmethod
from math import cos, pi
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from trainer.axes.base import RARE, Value


class Curve(Value, ABC):
    """The learning rate as a share of the optimiser's."""

    @abstractmethod
    def factor(self, done: float) -> float:
        """Share of the learning rate at `done` (0..1) of the run, or of the layer's own epochs when greedy."""


class Constant(Curve, title="Constant"):
    """The same learning rate from the first step to the last."""

    kind: Literal["constant"] = "constant"

    def factor(self, done: float) -> float:
        return 1.0


class _Falling(Curve):
    """Climbs first where it is asked to, then falls to a share."""

    warmup: float = Field(0.0, ge=0, lt=1, title="Warm-up", json_schema_extra=RARE)
    """Share of the run in which the rate first climbs to its full height, in a straight line."""
    end: float = Field(0.0, ge=0, le=1, title="Ends at")
    """Share of the learning rate that is left at the end."""

    def factor(self, done: float) -> float:
        climbed = min(1.0, done / self.warmup) if self.warmup else 1.0
        return climbed * self._fall(done)

    @abstractmethod
    def _fall(self, done: float) -> float:
        """The share without the warm-up."""


class Linear(_Falling, title="Linear decay"):
    """Falls in a straight line; from the first step, or constant up to a point as in Hinton 2022."""

    kind: Literal["linear"] = "linear"
    begin: float = Field(0.0, ge=0, lt=1, title="Begins at")
    """Share of the run at which the rate starts to fall: 0 from the first step, 0.5 in the second half."""

    def _fall(self, done: float) -> float:
        fallen = max(0.0, done - self.begin) / (1 - self.begin)
        return 1 - fallen * (1 - self.end)


class Cosine(_Falling, title="Cosine decay"):
    """Falls along half a cosine: slowly, fast, and slowly again."""

    cites: ClassVar[str] = "Loshchilov & Hutter 2017, without restarts"
    kind: Literal["cosine"] = "cosine"

    def _fall(self, done: float) -> float:
        return self.end + (1 - self.end) * (1 + cos(pi * done)) / 2


Share = Annotated[float, Field(gt=0, lt=1)]
Left = Annotated[float, Field(gt=0, le=1)]


class Steps(Curve, title="Steps"):
    """Constant, with a few sudden falls."""

    cites: ClassVar[str] = "the Trifecta's 500 epochs (0.5 of the rate after 40 %, 0.1 after 80 %)"
    kind: Literal["steps"] = "steps"
    at: tuple[Share, ...] = Field((0.4, 0.8), min_length=1, max_length=16, title="Falls at")
    """Shares of the run at which the rate falls, in order."""
    to: tuple[Left, ...] = Field((0.5, 0.1), min_length=1, max_length=16, title="Falls to")
    """Share of the learning rate from each of them on; as many as there are falls."""

    @model_validator(mode="after")
    def _paired(self) -> Self:
        if len(self.at) != len(self.to) or list(self.at) != sorted(self.at):
            raise ValueError("falls need as many shares as places, and places in order: at (0.4, 0.8), to (0.5, 0.1)")
        return self

    def factor(self, done: float) -> float:
        passed = sum(place <= done for place in self.at)
        return self.to[passed - 1] if passed else 1.0


AnyCurve = Annotated[Constant | Linear | Cosine | Steps, Field(discriminator="kind")]

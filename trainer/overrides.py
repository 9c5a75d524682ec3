"""Exceptions from the axes for some of a net's layers. Imports no torch."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import Field

from trainer.axes.base import Value
from trainer.axes.objective import AnyObjective
from trainer.axes.optimiser import AnyOptimiser


@dataclass(frozen=True)
class LayerSettings:
    """What holds for one layer."""

    objective: AnyObjective
    optimiser: AnyOptimiser
    frozen: bool


class Override(Value, title="Layers of their own"):
    """Settings for a span of layers, in place of the run's."""

    span: str = Field(pattern=r"^\d+(-\d*)?$", title="Layers")
    """Counted from 1: 2, 2-4, or 3- for the third and all above it."""
    objective: AnyObjective | None = Field(None, title="Objective")
    """Their own loss; empty: the run's."""
    optimiser: AnyOptimiser | None = Field(None, title="Optimiser")
    """Their own optimiser; empty: the run's."""
    frozen: bool = Field(False, title="Frozen")
    """Weights stay as they start; a trained projection on them still learns. A random control."""

    def ends(self) -> tuple[int, int | None]:
        """First and last layer of the span; None for no end."""
        first, dash, last = self.span.partition("-")
        return int(first), int(last) if last else None if dash else int(first)

    def covers(self, layer: int) -> bool:
        """Whether layer number `layer`, from 1, is in the span."""
        first, last = self.ends()
        return first <= layer and (last is None or layer <= last)

    def over(self, settings: LayerSettings) -> LayerSettings:
        """`settings` with this override's in their place."""
        return LayerSettings(
            self.objective or settings.objective, self.optimiser or settings.optimiser, self.frozen or settings.frozen
        )

"""Exceptions from the axes for some of a net's layers. Imports no torch."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise

from pydantic import Field

from trainer.axes.base import RARE, Value
from trainer.axes.competitors import AnyCompetitors
from trainer.axes.goodness import AnyGoodness
from trainer.axes.objective import AnyObjective
from trainer.axes.optimiser import AnyOptimiser
from trainer.axes.scope import AnyScope

SETTINGS = ("scope", "competitors", "goodness", "objective", "optimiser", "window")


@dataclass(frozen=True)
class LayerSettings:
    """What holds for one layer."""

    scope: AnyScope
    competitors: AnyCompetitors
    goodness: AnyGoodness
    objective: AnyObjective
    optimiser: AnyOptimiser
    window: tuple[int, int] | None
    """Epochs (from 0, the end excluded) in which it learns; None: all of its phase."""
    frozen: bool


class Override(Value, title="Layers of their own"):
    """Settings for a span of layers, in place of the run's."""

    span: str = Field(
        pattern=r"^[0-9]{1,4}(-[0-9]{0,4})?$",
        title="Layers",
        json_schema_extra={"takes": "layers counted from 1, such as 2, 2-4 or 3-"},
    )
    """Counted from 1: 2, 2-4, or 3- for the third and all above it."""
    scope: AnyScope | None = Field(None, title="Scope")
    """How far their losses reach; empty: the run's. Backprop here and FF below is the hybrid."""
    competitors: AnyCompetitors | None = Field(None, title="Competitors")
    """What stands against the truth in them; empty: the run's."""
    goodness: AnyGoodness | None = Field(None, title="Goodness")
    """Their own goodness; empty: the run's."""
    objective: AnyObjective | None = Field(None, title="Objective")
    """Their own loss; empty: the run's."""
    optimiser: AnyOptimiser | None = Field(None, title="Optimiser")
    """Their own optimiser; empty: the run's."""
    window: tuple[int, int] | None = Field(
        None, title="Epochs", json_schema_extra={**RARE, "takes": "two epochs, such as [0, 10]"}
    )
    """First epoch (from 0) in which they learn, and the one in which they no longer do; empty: all."""
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
        given = {name: value for name in SETTINGS if (value := getattr(self, name)) is not None}
        return replace(settings, **given, frozen=self.frozen or settings.frozen)


@lru_cache(maxsize=4096)
def plan(
    run: LayerSettings, overrides: tuple[Override, ...], depth: int
) -> tuple[tuple[LayerSettings, ...], tuple[range, ...]]:
    """What holds for each of `depth` layers, and the stretches of neighbours (from 0) that share scope and competitors.

    Remembered: a form asks for it hundreds of times while one types.
    """
    settings = []
    for layer in range(1, depth + 1):
        settings.append(run)
        for override in overrides:
            if override.covers(layer):
                settings[-1] = override.over(settings[-1])
    kinds = [(each.scope, each.competitors) for each in settings]
    starts = [layer for layer, kind in enumerate(kinds) if layer == 0 or kind != kinds[layer - 1]]
    return tuple(settings), tuple(range(first, stop) for first, stop in pairwise([*starts, depth]))

"""Which layers learn together in a step, and how far their losses reach in it. Imports no torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trainer.axes.competitors import AnyCompetitors
    from trainer.config import RunConfig
    from trainer.plan import Step


@dataclass(frozen=True)
class Stage:
    """Neighbouring layers (from 0) that see the same rows; `reach` counts from the first of them."""

    layers: range
    competitors: AnyCompetitors
    local: bool
    """Whether each layer learns from its own loss alone."""
    reach: tuple[int | None, ...]
    """Of each layer's loss: the lowest layer that it moves; None where it has none in this step."""
    recompute: bool = False
    """Whether layers are computed again when the gradient comes."""


class Stages:
    """The stages of each step of a run."""

    def __init__(self, config: RunConfig) -> None:
        self._config = config
        self._settings = [config.at(layer) for layer in range(1, config.depth + 1)]
        self._spans = config.spans()
        self._reach = [config.reach(layer) for layer in range(config.depth)]
        self._known: dict[tuple[range, tuple[int | None, ...]], Stage] = {}

    def of(self, step: Step) -> list[Stage]:
        """From the lowest layers that learn in `step` up."""
        found = []
        for span in self._spans:
            layers = [layer for layer in step.phase.layers if layer in span]
            if layers:
                found.append(self._stage(range(layers[0], layers[-1] + 1), step))
        return found

    def learns(self, layer: int, step: Step) -> bool:
        """Whether `layer` (from 0) is in its window of epochs."""
        window = self._settings[layer].window
        return window is None or window[0] <= step.epoch < window[1]

    def _stage(self, layers: range, step: Step) -> Stage:
        reach = tuple(self._depth(layer, layers, step) for layer in layers)
        if (layers, reach) not in self._known:
            settings = self._settings[layers.start]
            again = getattr(settings.scope, "recompute", False)
            self._known[layers, reach] = Stage(layers, settings.competitors, settings.scope.local, reach, again)
        return self._known[layers, reach]

    def _depth(self, layer: int, layers: range, step: Step) -> int | None:
        depth = self._reach[layer]
        has_loss = self._config.schedule.has_loss(layer, self._config.depth, step.number) and self.learns(layer, step)
        return None if depth is None or not has_loss else max(depth, layers.start) - layers.start

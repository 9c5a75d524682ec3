"""What a series comes to over a run, point by point: the rules of `trainer.metrics.Over`. Imports no torch."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from trainer.metrics import Over, over_of

Whole = Sequence[float]
"""The value over the run so far, and the step, or for a rate the second of training, up to which it speaks."""


def fold(whole: Whole | None, over: Over, value: float, *, step: float, seconds: float) -> Whole | None:
    """`whole` with one more point, whose value is that of the time since the point before; None for a `last`.

    A value that is no number says nothing of its time.
    """
    if over == "last" or not math.isfinite(value):
        return whole
    at = seconds if over == "rate" else step
    if whole is None:
        return [value, at]
    before, until = whole
    if over == "peak":
        return [max(before, value), at]
    return [before + (value - before) * (at - until) / at, at] if at > until else whole


def told(whole: Mapping[str, Whole], latest: Mapping[str, float | None]) -> dict[str, float | None]:
    """Every series over the run: by its rule where there is one, else its last value."""
    return {**latest, **{name: found[0] for name, found in whole.items()}}


class Overall:
    """All series of a run while it trains."""

    def __init__(self) -> None:
        self.whole: dict[str, Whole] = {}

    def add(self, values: Mapping[str, float], *, step: float, seconds: float) -> None:
        for name, value in values.items():
            found = fold(self.whole.get(name), over_of(name), value, step=step, seconds=seconds)
            if found is not None:
                self.whole[name] = found

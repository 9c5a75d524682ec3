"""What a reader should know of a result that came to its end and means little: sentences beside its figures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import sqrt
from typing import TYPE_CHECKING

from trainer.metrics import layer as series

if TYPE_CHECKING:
    from torch import Tensor

    from trainer.evaluate import Judgement

DEAD = 0.999
"""Share of a layer's units without activity from which it passes nothing on."""
CERTAIN = 2.0
"""Standard errors within which an accuracy is that of chance."""
FEW_STEPS = 10
Summary = Mapping[str, Sequence[float | None]]
"""By series: last, best, step of the best."""


def remarks(test: Judgement, summary: Summary, layers: int, steps: int) -> list[str]:
    """Sentences on a finished run of so many layers and steps, the most important first."""
    return [*_dead(summary, layers), *_still(summary, steps), *_chance(test.accuracy, test.y)]


def _dead(summary: Summary, layers: int) -> Iterator[str]:
    """Layers of which no unit answers to any image."""
    shares = {n: summary.get(series(n, "dead_units"), [None])[0] for n in range(1, layers + 1)}
    dead = [str(n) for n, share in shares.items() if share is not None and share >= DEAD]
    if dead:
        where = f"layer {dead[0]}" if len(dead) == 1 else f"layers {', '.join(dead[:-1])} and {dead[-1]}"
        yield f"No unit of {where} was active at the end. A lower learning rate or another start may keep them alive."


def _still(summary: Summary, steps: int) -> Iterator[str]:
    """A loss that was never below its first value."""
    last, best, at = summary.get("train/loss", (None, None, None))
    if steps > FEW_STEPS and at == 1 and last is not None and best is not None and last >= best:
        yield "The training loss was never lower than at its first step."


def _chance(accuracy: float, y: Tensor) -> Iterator[str]:
    """An accuracy that always giving the commonest answer would reach."""
    images = len(y)
    commonest = float(y.bincount().max()) / images
    if accuracy <= commonest + CERTAIN * sqrt(commonest * (1 - commonest) / images):
        yield f"Accuracy is at chance: always giving the commonest answer reaches {100 * commonest:.3g} %."

"""What a reader should know of a result that came to its end and means little: sentences beside its figures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import sqrt
from typing import TYPE_CHECKING

from trainer.metrics import layer as series

if TYPE_CHECKING:
    from torch import Tensor

    from trainer.evaluate import Judgement
    from trainer.nets.layer import Layer

DEAD = 0.999
"""Share of a layer's units without activity from which it passes nothing on."""
CERTAIN = 2.0
"""Standard errors within which an accuracy is that of chance."""
FEW_STEPS = 10
FAR = 0.1
"""By how much of all images the label sweep is behind the head, or behind a layer that it leaves out."""
PARTED = 0.8
"""Share of training pairs in which a layer's goodness is higher for the true label, below which it hardly tells labels
apart: 0.5 is chance; where the sweep was as good as the head it was 0.85 or more."""
Summary = Mapping[str, Sequence[float | None]]
"""By series: last, best, step of the best."""


def remarks(
    test: Judgement, summary: Summary, layers: Sequence[Layer], steps: int, swept: Sequence[int] = ()
) -> list[str]:
    """Sentences on a finished run of these layers and so many steps, the most important first.

    `swept`: the layers (from 0) whose goodness the label sweep adds up, where a head answers beside it.
    """
    return [
        *_dead(summary, len(layers)),
        *_still(summary, steps),
        *_chance(test.accuracy, test.y),
        *_sweep(test, summary, layers, swept),
    ]


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


def _sweep(test: Judgement, summary: Summary, layers: Sequence[Layer], swept: Sequence[int]) -> Iterator[str]:
    """A label sweep far behind the head beside it: what it means, and what would work."""
    found, learnt = test.sweep_accuracy, [layers[index] for index in swept if not layers[index].rules.frozen]
    if found is None or not learnt or test.accuracy - found < FAR:
        return
    yield (
        f"The label sweep is right in {_percent(found)} of the test, the softmax head in {_percent(test.accuracy)}: a "
        "head can do well on layers that have learnt little, as the frozen control shows."
    )
    shares = [summary.get(series(layer.index + 1, "separation"), [None])[0] for layer in learnt]
    known = [share for share in shares if share is not None]
    if known and min(known) < PARTED:
        low, high = _percent(min(known)), _percent(max(known))
        yield (
            f"The layers hardly tell labels apart yet: in {low if low == high else f'{low} to {high}'} of the training "
            "pairs the true one had the higher goodness, and half is chance. More steps would work: more epochs, or "
            "smaller batches."
        )
        if any(layer.rules.objective.levels for layer in learnt):
            yield (
                "Under a threshold, goodness first goes to θ for true and wrong labels alike: a θ near the goodness at "
                "the start, or Swish-SymBa, which has no θ, parts labels from the first steps on."
            )
        if any(layer.rules.competitors.judge for layer in learnt):
            yield "Random wrong labels are easier to begin with than those that the net finds likely."
    yield from _left_out(test.layer_accuracy(), found, swept)


def _left_out(alone: dict[int, float], found: float, swept: Sequence[int]) -> Iterator[str]:
    """A layer that does far better alone than those that the sweep adds up."""
    others = {layer: right for layer, right in alone.items() if layer not in swept}
    best = max(others, key=lambda layer: others[layer], default=None)
    if best is not None and others[best] - found >= FAR:
        yield f"Layer {best + 1}, which the sweep leaves out, is right in {_percent(others[best])}: set layers to all."


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"

"""The result of a run as a sentence, built from numbers. Words only where a difference is more than noise."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ffweb.pages.format import THIN, duration, fixed, number, percent
from ffweb.runs import status
from ffweb.runs.queries import peak_memory, took

NAMES = {
    "FF": "Forward-Forward",
    "FF2": "Forward-Forward in pairs",
    "UFF": "Forward-Forward without labels",
    "MF": "Mono-Forward",
    "BLK": "Block-local training",
    "FF+BP": "A hybrid of local learning and backpropagation",
    "BP": "Backpropagation",
    "BP+": "Backpropagation with deep supervision",
    "RND": "A readout on frozen random layers",
    "LIN": "A linear softmax",
}
LEAST_COST = 0.01  # a cost that differs by less is the same
CERTAIN = 1.96  # standard errors: 95 % of differences that are only chance are smaller


@dataclass(frozen=True)
class Outcome:
    """What the sentence needs of a run: shares as fractions, bytes, seconds; None for what was not measured."""

    accuracy: float | None
    test_images: int | None
    memory: float | None = None
    seconds: float | None = None
    energy: float | None = None


def outcome(payload: Mapping[str, Any], test_images: int | None) -> Outcome:
    """From a run's payload: the accuracy of the weights that are kept, and what the whole run took."""
    values = payload["latest"]
    return Outcome(
        accuracy=values.get("test/accuracy"),
        test_images=test_images,
        memory=peak_memory(values),
        seconds=took(payload),
        energy=values.get("energy/total"),
    )


def remarks(result: Mapping[str, Any] | None) -> list[str]:
    """What the trainer said beside its figures: layers that died, an accuracy of chance."""
    said = result.get("remarks") if isinstance(result, dict) else None
    return [text for text in said if isinstance(text, str)] if isinstance(said, list) else []


def result_sentence(run: Outcome, twin: Outcome | None = None, frozen: Outcome | None = None) -> str:
    """Finished in 22 min 51 s. Test accuracy 98.27 %, 4.10 points above the same layers frozen, 0.21 points below its
    backprop twin, with 28 % less memory."""
    took = f"Finished in {duration(run.seconds)}." if run.seconds else "Finished."
    if run.accuracy is None:
        return took
    parts = [f"Test accuracy {percent(run.accuracy)}"]
    if frozen and frozen.accuracy is not None:
        parts.append(_against(run, frozen, "the same layers frozen"))
    if twin and twin.accuracy is not None:
        parts.append(_against(run, twin, "its backprop twin"))
        costs = _costs(run, twin)
        if costs:
            parts.append(f"with {costs}")
    return f"{took} {', '.join(parts)}."


def _against(run: Outcome, other: Outcome, name: str) -> str:
    """One pair of runs: the difference counts if chance in drawing the test images would rarely make it."""
    difference = (run.accuracy or 0.0) - (other.accuracy or 0.0)
    if abs(difference) <= max(CERTAIN * _error(run, other), 0.0):
        return f"level with {name} within what this test set can tell"
    side = "above" if difference > 0 else "below"
    return f"{fixed(100 * abs(difference), 2)} points {side} {name}"


def _error(run: Outcome, twin: Outcome) -> float:
    """Standard error of a difference of two accuracies on the same number of test images."""
    n = run.test_images or 1
    return math.sqrt(sum(p * (1 - p) / n for p in (run.accuracy or 0.0, twin.accuracy or 0.0)))


def _costs(run: Outcome, twin: Outcome) -> str:
    """28 % less memory and 13 % more energy; nothing for what is equal or unknown."""
    pairs = (("memory", run.memory, twin.memory), ("energy", run.energy, twin.energy))
    found = [compared(mine, other, word) for word, mine, other in pairs]
    return " and ".join(text for text in found if text)


def compared(mine: float | None, other: float | None, word: str = "") -> str:
    """28 % less memory; empty if one is unknown or they differ by less than one per cent."""
    if not mine or not other or abs(mine / other - 1) < LEAST_COST:
        return ""
    share = mine / other
    if share >= 2:
        return f"{number(share, 2)} times the {word}".rstrip()
    return f"{fixed(100 * abs(share - 1), 0)}{THIN}% {'more' if share > 1 else 'less'} {word}".rstrip()


def headline(method_tag: str, data_title: str, state: str, run: Outcome, items: str = "images") -> str:
    """What a share says first: Forward-Forward reads 92.3 % of MNIST's test {items} right."""
    name = NAMES.get(method_tag, "This net")
    if run.accuracy is None:
        return f"{name} on {data_title}" + (", in training" if state in status.ACTIVE else "")
    so_far = " so far" if state in status.ACTIVE else ""
    return f"{name} reads {percent(run.accuracy)} of {_of(data_title)} test {items} right{so_far}"


def _of(title: str) -> str:
    """MNIST’s, Digits’: a title without what it says in brackets."""
    short = title.partition(" (")[0]
    return f"{short}’" if short.endswith("s") else f"{short}’s"

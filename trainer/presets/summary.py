"""What several seeds of a preset come to, and whether it beats its controls. Pure; imports no torch.

Standard error of a mean over n seeds, all judged on the same T test images:

    se² = p (1 − p) / T + s² / n

p (1 − p) / T is the binomial part: how far the accuracy p on other T images would be off. It does not shrink with more
seeds. s is the standard deviation between seeds (n − 1 below), left out for a single seed, where it is not known. A
perplexity has no binomial part, so that a single seed has no standard error. A preset beats a control, or is behind,
when their means differ by more than 2 √(se² + se_control²), and both were run with SEEDS seeds or more: one seed knows
nothing of s. Else they are level. Both are judged on the same images: the bar is a little higher than it had to be.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import fmean, stdev
from typing import Literal

from trainer.metrics import metric as metric_of
from trainer.presets.measured import Machine, Row

Better = Literal["up", "down"]
Verdict = Literal["beaten", "level", "behind"]
"""Of a preset beside its control: it beats it, is not to be told from it, or is beaten by it."""
SHOWN = ("test/accuracy", "test/sweep_accuracy", "test/accuracy_no_top_down", "test/perplexity")
ERRORS_APART = 2.0
SEEDS = 3
"""Without so many of both nothing is said to be beaten, or not."""


@dataclass(frozen=True)
class Figure:
    """One metric over the seeds, in its own unit."""

    metric: str
    better: Better
    seeds: tuple[int, ...]
    mean: float
    sd: float | None
    """Between seeds; None for a single one."""
    best: float
    error: float | None
    """Standard error of the mean; None where it cannot be known (a perplexity of a single seed)."""

    @property
    def n(self) -> int:
        return len(self.seeds)


@dataclass(frozen=True)
class Against:
    """A preset beside one of its controls."""

    control: Figure
    gain: float
    """By how much the preset is better, in the metric's unit; negative where it is worse."""
    error: float | None
    """Standard error of the gain."""
    seeds: int
    """The fewer of both."""

    @property
    def judged(self) -> bool:
        """Whether there are seeds enough to say anything."""
        return self.error is not None and self.seeds >= SEEDS

    @property
    def verdict(self) -> Verdict | None:
        """Which of the two is better by more than two standard errors; None where that cannot be said."""
        if self.error is None or not self.judged:
            return None
        if abs(self.gain) <= ERRORS_APART * self.error:
            return "level"
        return "beaten" if self.gain > 0 else "behind"

    @property
    def beats(self) -> bool | None:
        """Whether the gain exceeds two standard errors; None where that cannot be said."""
        return self.verdict == "beaten" if self.verdict else None


@dataclass(frozen=True)
class Summary:
    """What was measured of one preset; the budget is that of one seed, on average."""

    preset: str
    figure: Figure
    epochs: float
    images: int
    flops: float
    seconds: float
    per_layer: tuple[float | None, ...]
    """Mean test accuracy of each layer alone."""
    hardware: str
    """One sentence; several machines are parted by semicolons."""
    commits: tuple[str, ...]
    controls: dict[str, Against]
    also: tuple[Figure, ...]
    """Other figures of the test set: the label sweep beside a head, the accuracy beside a perplexity."""
    ngrams: tuple[float, ...]
    """Of a text: what counting achieves."""


def summary(rows: Sequence[Row], metric: str | None = None) -> Summary | None:
    """Sum up the rows of one preset and its controls; None where the preset itself has no row with that metric.

    `metric`: a series, or test/error; without it, perplexity where it was measured, else accuracy.
    """
    own = [row for row in rows if row["control"] is None]
    if metric is None:
        metric = "test/perplexity" if any("test/perplexity" in row["metrics"] for row in own) else "test/accuracy"
    figure = _figure(own, metric)
    if figure is None:
        return None
    own = [row for row in own if value_of(row, metric) is not None]
    return Summary(
        preset=own[0]["preset"],
        figure=figure,
        epochs=fmean(row["epochs"] for row in own),
        images=round(fmean(row["images"] for row in own)),
        flops=fmean(row["flops"] for row in own),
        seconds=fmean(row["seconds"] for row in own),
        per_layer=_per_layer(own),
        hardware="; ".join(_distinct(sentence(row["machine"]) for row in own)),
        commits=tuple(_distinct(row["commit"] or "unknown" for row in own)),
        controls=_controls(rows, figure),
        also=tuple(_also(own, metric)),
        ngrams=tuple(own[0].get("ngrams", ())),
    )


def value_of(row: Row, metric: str) -> float | None:
    """The row's last value of a series; an `error` is 1 − the accuracy of the same name."""
    value = row["metrics"].get(accuracy_of(metric))
    return 1 - value if value is not None and is_error(metric) else value


def accuracy_of(metric: str) -> str:
    """`test/accuracy` of `test/error`, `test/sweep_accuracy` of `test/sweep_error`; others as they are."""
    return metric.replace("error", "accuracy")


def is_error(metric: str) -> bool:
    """Whether it is 1 − an accuracy."""
    return "error" in metric


def direction(metric: str) -> Better:
    """Which way of a series is better."""
    entry = metric_of(metric)
    return "down" if is_error(metric) or (entry and entry.better == "down") else "up"


def sentence(machine: Machine) -> str:
    """What a run was computed on, in words."""
    torch = f"torch {machine['torch']}"
    if machine["cpu"] is None:
        return f"{machine['device']}, {torch}"
    threads = machine["threads"]
    return f"{machine['cpu']}, {threads} thread{'' if threads == 1 else 's'} on {machine['cores']} cores, {torch}"


def _figure(rows: Sequence[Row], metric: str) -> Figure | None:
    values = {row["seed"]: value for row in rows if (value := value_of(row, metric)) is not None}
    if not values:
        return None
    better, n, mean = direction(metric), len(values), fmean(values.values())
    sd = stdev(values.values()) if n > 1 else None
    images = min(row["test_images"] for row in rows)
    return Figure(
        metric=metric,
        better=better,
        seeds=tuple(sorted(values)),
        mean=mean,
        sd=sd,
        best=max(values.values()) if better == "up" else min(values.values()),
        error=standard_error(mean, sd, n, images if "accuracy" in accuracy_of(metric) else None),
    )


def _also(rows: Sequence[Row], metric: str) -> Iterator[Figure]:
    """Accuracies as errors where `metric` is one."""
    for other in SHOWN:
        if other != accuracy_of(metric):
            wanted = other.replace("accuracy", "error") if is_error(metric) else other
            figure = _figure(rows, wanted)
            if figure is not None:
                yield figure


def standard_error(mean: float, sd: float | None, n: int, images: int | None) -> float | None:
    """Of a mean over n seeds; `images` of the test set for a share, None for a metric without a binomial part."""
    parts = [] if sd is None else [sd**2 / n]
    if images:
        parts.append(mean * (1 - mean) / images)
    return sqrt(sum(parts)) if parts else None


def _controls(rows: Sequence[Row], figure: Figure) -> dict[str, Against]:
    found = {}
    for name in _distinct(row["control"] for row in rows if row["control"] is not None):
        control = _figure([row for row in rows if row["control"] == name], figure.metric)
        if control is not None:
            found[name] = _against(figure, control)
    return found


def _against(figure: Figure, control: Figure) -> Against:
    gain = (figure.mean - control.mean) * (1 if figure.better == "up" else -1)
    known = figure.error is not None and control.error is not None
    error = sqrt((figure.error or 0) ** 2 + (control.error or 0) ** 2) if known else None
    return Against(control, gain, error, min(figure.n, control.n))


def _per_layer(rows: Sequence[Row]) -> tuple[float | None, ...]:
    depth = max(len(row["per_layer"]) for row in rows)
    means: list[float | None] = []
    for index in range(depth):
        values = [row["per_layer"][index] for row in rows if index < len(row["per_layer"])]
        known = [value for value in values if value is not None]
        means.append(fmean(known) if known else None)
    return tuple(means)


def _distinct(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(values))

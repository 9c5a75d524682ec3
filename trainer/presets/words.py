"""Figures in words, as the table, `presets` and the page /methods show them. Imports no torch."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from trainer.presets.base import Target
from trainer.presets.summary import SEEDS, Against, Figure

UNITS = {"accuracy": "%", "error": "% error", "sweep_accuracy": "% by label sweep",
         "sweep_error": "% error by label sweep", "accuracy_no_top_down": "% with nothing coming from above",
         "error_no_top_down": "% error with nothing coming from above"}  # fmt: skip


def figure(metric: str, value: float, sd: float | None = None) -> str:
    """`97.02 ± 0.13 %`, `2.98 % error`, `5.71 ± 0.02 perplexity`: shares in per cent, others as they are."""
    scale = 100 if _unit(metric).startswith("%") else 1
    spread = "" if sd is None else f" ± {scale * sd:.2f}"
    return f"{scale * value:.2f}{spread} {_unit(metric)}"


def mean(found: Figure) -> str:
    """Mean ± standard deviation between seeds."""
    return figure(found.metric, found.mean, found.sd)


def target(wanted: Target) -> str:
    """`≥ 98.40 %`."""
    sign = "≥" if wanted.better == "up" else "≤"
    return f"{sign} {figure(wanted.metric, wanted.value)}"


def difference(metric: str, value: float) -> str:
    """A difference of two figures with its sign, in points for shares."""
    if _unit(metric).startswith("%"):
        return f"{100 * value:+.2f} points".replace("-", "−")
    return f"{value:+.2f}".replace("-", "−")


def seconds(value: float) -> str:
    """`42 s`, `3.5 min`, `2.1 h`."""
    if value < 90:
        return f"{value:.0f} s" if value >= 10 else f"{value:.1f} s"
    return f"{value / 60:.1f} min" if value < 5400 else f"{value / 3600:.1f} h"


def seeds(found: Figure) -> str:
    """`1 seed` or `3 seeds`."""
    return f"{found.n} seed{'' if found.n == 1 else 's'}"


def verdict(against: Against) -> str:
    """Whether a preset beats its control, in a word or two."""
    return against.verdict or f"not judged below {SEEDS} seeds"


def layers(accuracies: Iterable[float | None]) -> str:
    """`97.1 · 96.0 · –`: test accuracy read from each layer alone, in per cent."""
    return " · ".join("–" if value is None else f"{100 * value:.1f}" for value in accuracies) or "–"


def settings(changes: Mapping[str, Any]) -> list[str]:
    """`a.b=v` of each dotted change, as `--set` and the form take them."""
    return [f"{path}={_setting(value)}" for path, value in changes.items()]


def _setting(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


def _unit(metric: str) -> str:
    name = metric.rpartition("/")[2]
    return UNITS.get(name, name)

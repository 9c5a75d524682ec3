"""What a run's stored series say of it: its sparkline, and after a resume its latest, best and whole values anew."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from ffweb.live.apply import better_of, over_the_run
from ffweb.metrics import read, store
from trainer.metrics import Over
from trainer.overall import Whole

SPARKLINE = "test/accuracy"
SPARKLINE_POINTS = 40


def sparkline(run_id: str) -> list[float]:
    """At most 40 values of the test accuracy, evenly spread, the first and the last among them."""
    _, y = read.points(run_id, SPARKLINE)
    y = y[np.isfinite(y)]
    if len(y) > SPARKLINE_POINTS:
        y = y[np.linspace(0, len(y) - 1, SPARKLINE_POINTS).round().astype(int)]
    return [float(value) for value in y]


def retold(run_id: str, metric_info: Mapping[str, Any]) -> dict[str, Any]:
    """step, epoch, latest, best and overall as the stored points have them."""
    steps, epochs = read.points(run_id, store.AXIS + "epoch")
    _, seconds = read.points(run_id, store.AXIS + "time")
    latest: dict[str, float | None] = {}
    best: dict[str, dict[str, float]] = {}
    overall: dict[str, Whole] = {}
    for name in store.names(run_id):
        x, y = read.points(run_id, name)
        latest[name] = float(y[-1]) if math.isfinite(y[-1]) else None
        found = _best(x, y, better_of(metric_info, name))
        if found:
            best[name] = found
        whole = _over(over_the_run(metric_info, name), x, y, x if len(steps) == 0 else np.interp(x, steps, seconds))
        if whole:
            overall[name] = whole
    at = {"step": int(steps[-1]), "epoch": float(epochs[-1])} if len(steps) else {}
    return {"latest": latest, "best": best, "overall": overall, **at}


def _over(over: Over, x: Any, y: Any, seconds: Any) -> Whole | None:
    """As `trainer.overall.fold` does point by point."""
    at, finite = seconds if over == "rate" else x, np.isfinite(y)
    if over == "last" or not finite.any():
        return None
    at, y = at[finite], y[finite]
    if over == "peak":
        return [float(y.max()), float(at[-1])]
    shares = np.diff(at, prepend=0.0)
    with np.errstate(over="ignore", invalid="ignore"):
        whole = np.average(y, weights=shares) if shares.sum() > 0 else y[-1]
    return [float(whole), float(at[-1])] if np.isfinite(whole) and np.isfinite(at[-1]) else None


def _best(x: Any, y: Any, better: str | None) -> dict[str, float] | None:
    if better is None or not np.isfinite(y).any():
        return None
    worst = -np.inf if better == "up" else np.inf
    clean = np.where(np.isfinite(y), y, worst)
    at = int(clean.argmax() if better == "up" else clean.argmin())
    return {"best": float(y[at]), "best_step": int(x[at])}

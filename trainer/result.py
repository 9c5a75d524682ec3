"""What a finished run came to: result.json."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from trainer import figures
from trainer.data import counted
from trainer.remarks import remarks
from trainer.report import draw, judge_images, judge_test
from trainer.words import plural

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trainer.session import Session

LEVELS = (0.5, 0.9, 0.95, 0.97, 0.98, 0.99)
"""Test accuracies whose time is told."""
PEAKS = {"rss": "rss_peak", "anonymous": "anonymous", "cuda": "cuda_peak", "rise": "rise"}
"""Highest memory as the result names it, and the series it is of; bytes, None where it cannot be measured."""


def time_to(curve: Iterable[tuple[float, float]], levels: Iterable[float] = LEVELS) -> dict[str, float]:
    """By level of accuracy, the seconds of training after which an evaluation first found it; those reached alone.

    `curve` is (seconds, accuracy) in the order of time. Between two evaluations nobody knows: the time is an upper
    bound, as fine as evaluations are close.
    """
    points = list(curve)
    first = {f"{level:g}": next((at for at, found in points if found >= level), None) for level in levels}
    return {level: at for level, at in first.items() if at is not None}


def conclude(run: Session) -> dict[str, Any]:
    """Judge the finished net on the test and training images, draw the last figures, and write the result."""
    run.progress("evaluate")
    layers = len(run.net.layers)
    with run.meters.apart():
        test = judge_test(run, layers)
        of = run.sample if run.config.evaluate.at_end == "sample" else slice(None)
        train = judge_images(run, run.data.x_train[of], run.data.y_train[of], layers, sweep="none")
        draw(run, test)
    by_test, by_train = test.layer_accuracy(), train.layer_accuracy()
    run.recorder.last_word(run.counters, totals := _totals(run))
    metrics = run.recorder.summed_up()
    content = {
        "status": "finished",
        "reason": f"Test accuracy {100 * test.accuracy:.2f} % after {plural(run.plan.epochs, 'epoch')}.",
        "started": run.began,
        "ended": time.time(),
        "data": run.data.fingerprint,
        "epochs": run.plan.epochs,
        "steps": run.counters.step,
        "images": run.counters.images,
        "flops": run.counters.flops,
        "train_accuracy": train.accuracy,
        "test_accuracy": test.accuracy,
        "remarks": remarks(test, run.recorder.summary, run.net.layers, run.counters.step, _swept(run)),
        "metrics": metrics,
        "confusion": figures.confusion(test, run.data.labels)["matrix"],
        "per_layer": [_layer(run, index, by_test, by_train) for index in range(layers)],
        "per_epoch": run.ledger.per_epoch,
        "e2e_seconds": totals["time/e2e"],
        "train_seconds": run.counters.train_seconds,
        "time_to": time_to(run.recorder.curve),
        "compute_seconds": run.ledger.total.compute,
        "download_seconds": run.data.download_seconds,
        "peak": {part: metrics.get(f"memory/{name}", {}).get("over") for part, name in PEAKS.items()},
        "energy": _energy(run, totals),
        "checkpoint": run.saved,
    }
    if run.data.info.kind == "text":
        content["ngrams"] = counted(run.data)
    for remark in content["remarks"]:
        run.recorder.log(remark, "warning")
    run.recorder.result(content)
    return content


def _swept(run: Session) -> list[int]:
    """The layers (from 0) that a label sweep beside a head adds up."""
    return run.config.readout.reads(len(run.net.layers)) if run.head else []


def _layer(run: Session, index: int, test: dict[int, float], train: dict[int, float]) -> dict[str, Any]:
    layer, ledger = run.net.layers[index], run.ledger
    timed = ledger.compute[index] > 0
    return {
        "index": index + 1,
        "name": layer.name,
        "parameters": layer.parameters,
        "test_accuracy": test.get(index),
        "train_accuracy": train.get(index),
        "time_e2e": ledger.e2e[index] if timed else None,
        "time_compute": ledger.compute[index] if timed else None,
        "memory": run.peak_memory[index],
    }


def _totals(run: Session) -> dict[str, float]:
    """What was spent until now; what cannot be measured is left out."""
    meters = run.meters
    found = {
        "time/e2e": run.e2e_seconds,
        "energy/total": run.energy(),
        "memory/rss_peak": meters.rss_peak(),
        "memory/cuda_peak": meters.cuda_peak(),
        **meters.rise(),
    }
    return {name: value for name, value in found.items() if value is not None}


def _energy(run: Session, totals: dict[str, float]) -> dict[str, Any] | None:
    joules = totals.get("energy/total")
    return None if joules is None else {"joules": joules, "source": run.meters.energy_source}

"""What watching costs the training process: one logged step, and meters and log together in the real loop."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

import torch

from benchmarks import product
from benchmarks.harness import Row, microseconds
from trainer.events import EventWriter, read_events
from trainer.meters import Meters
from trainer.plan import Step
from trainer.report import report
from trainer.session import Session

VALUES = {f"layers/{layer}/{name}": 0.123456789 * layer for layer in (1, 2) for name in ("gap", "loss", "goodness_pos")}
VALUES |= {"train/loss": 1.234, "learning_rate": 0.003, "speed/images_per_second": 12345.6, "memory/rss": 2.5e8}
BLOCK, PAIRS = 20, 96


def rows() -> list[Row]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # CPU time of one thread is the same on a busy machine and a quiet one
    try:
        return [_log(), _fast(), _watching()]
    finally:
        torch.set_num_threads(threads)


def _log() -> Row:
    """A `metrics` event of ten values: built, encoded and written to the file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "events.jsonl"
        writer = EventWriter(path)

        def log() -> None:
            writer.metrics(step=1000, epoch=1.5, images=128_000, flops=1e12, train_seconds=12.5, values=VALUES)

        cost = microseconds(log)
        assert len(read_events(path, limit=path.stat().st_size)[0]) == writer.seq
        writer.close()
    return Row("log/step", cost, 25, "µs")


def _fast() -> Row:
    """The meters that are read at every logged step."""
    return Row("meters/read", microseconds(Meters("cpu").fast), 25, "µs")


def _watching() -> Row:
    """Training with gauges, stopwatch, meters and log against training without, in turns of `BLOCK` steps of one run.

    Of one run: where buffers happen to lie in memory makes two runs of equal settings differ by more than the bar.
    """
    with tempfile.TemporaryDirectory() as folder:
        data = product.dataset(Path(folder), 128 * BLOCK * 10)
        changes = {"schedule.batch_size": 128, "schedule.epochs": PAIRS, "evaluate.every_epochs": PAIRS}
        run = product.session(Path(folder) / "run", data, changes, watched=True)
        steps = run.plan.after(0)
        turns = [(_watched(run, islice(steps, BLOCK)), _blind(run, islice(steps, BLOCK))) for _ in range(PAIRS + 1)]
        logged = len(read_events(Path(folder) / "run" / "events.jsonl")[0])
    assert logged >= BLOCK * PAIRS // 10
    share = 100 * (statistics.median(watched / blind for watched, blind in turns[1:]) - 1)
    return Row("meters", share, 3, "%")


def _watched(run: Session, steps: Iterable[Step]) -> float:
    """CPU seconds of the steps with everything on; evaluation is never due."""
    began = time.process_time()
    for step in steps:
        product.take(run, step)
        report(run, step)
    return time.process_time() - began


def _blind(run: Session, steps: Iterable[Step]) -> float:
    """CPU seconds of the steps alone."""
    with product.blind(run):
        began = time.process_time()
        for step in steps:
            product.take(run, step)
        return time.process_time() - began

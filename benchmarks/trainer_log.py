"""What watching costs the training process: one logged step, and meters and log together in the real loop."""

from __future__ import annotations

import statistics
import tempfile
import time
from itertools import islice
from pathlib import Path

import torch

from benchmarks import product
from benchmarks.harness import Row, microseconds
from trainer.events import EventWriter, read_events
from trainer.meters import Meters
from trainer.report import report

VALUES = {f"layers/{layer}/{name}": 0.123456789 * layer for layer in (1, 2) for name in ("gap", "loss", "goodness_pos")}
VALUES |= {"train/loss": 1.234, "learning_rate": 0.003, "speed/images_per_second": 12345.6, "memory/rss": 2.5e8}
BLOCK, PAIRS = 20, 24


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
    """Training with gauges, stopwatch, meters and log against training without, in turns of `BLOCK` steps."""
    with tempfile.TemporaryDirectory() as folder:
        watched, blind = (Trainee(Path(folder), watched=watched) for watched in (True, False))
        for trainee in (watched, blind):
            trainee.seconds(BLOCK)
        ratios = [watched.seconds(BLOCK) / blind.seconds(BLOCK) for _ in range(PAIRS)]
        logged = len(read_events(Path(folder) / "watched" / "events.jsonl")[0])
    assert logged >= BLOCK * PAIRS // 10
    share = 100 * (statistics.median(ratios) - 1)
    return Row("meters", share, 3, "%")


class Trainee:
    """A run of the real loop on images of MNIST's size, watched or not; evaluation is never due."""

    def __init__(self, folder: Path, *, watched: bool) -> None:
        self._watched = watched
        data = product.dataset(folder, 128 * BLOCK * (PAIRS + 2))
        changes = {"schedule.batch_size": 128, "schedule.epochs": 1}
        self._run = product.session(folder / ("watched" if watched else "blind"), data, changes, watched=watched)
        self._steps = self._run.plan.after(0)

    def seconds(self, steps: int) -> float:
        """CPU seconds of the next `steps` steps."""
        began = time.process_time()
        for step in islice(self._steps, steps):
            product.take(self._run, step)
            if self._watched:
                report(self._run, step)
        return time.process_time() - began

"""What watching costs the training process: one logged step, and meters and log together in the real loop."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import numpy as np
import torch

from benchmarks.harness import Row, microseconds
from trainer import loop
from trainer.config import compose, parse
from trainer.data import digits, load
from trainer.events import EventWriter, read_events
from trainer.meters import Meters
from trainer.recorder import Recorder
from trainer.report import report
from trainer.rundir import RunDir
from trainer.session import Session
from trainer.stopping import Stop

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


class Silent:
    """A stopwatch that is never looked at."""

    def start(self) -> None: ...
    def lap(self, part: str, layer: int | None = None) -> None: ...


class Trainee:
    """A run of the real loop on real digits at MNIST's size, watched or not; evaluation is never due."""

    def __init__(self, folder: Path, *, watched: bool) -> None:
        self._watched = watched
        self._run = _session(folder, "watched" if watched else "blind")
        if not watched:
            self._run.count = lambda *args: None  # type: ignore[method-assign]
            self._run.clock = Silent()  # type: ignore[assignment]
        self._steps = self._run.plan.after(0)

    def seconds(self, steps: int) -> float:
        """CPU seconds of the next `steps` steps."""
        began = time.process_time()
        for step in islice(self._steps, steps):
            run = self._run
            if step.opens_phase:
                loop.open_phase(run, step)
            run.clock.start()
            loop.learn(run, step, run.batches.draw(step, run.rng))
            run.advance(step)
            if self._watched:
                report(run, step)
        return time.process_time() - began


def _session(folder: Path, name: str) -> Session:
    config = parse(compose(changes={"data.name": "npz:big", "schedule.batch_size": 128, "schedule.epochs": 1}))
    with _datasets(folder):
        data = load(config.data, "cpu", config.seed)
    place = RunDir(folder / name).create()
    return Session(config, data, folder=place, recorder=Recorder(place), stop=Stop(place), device=torch.device("cpu"))


@contextmanager
def _datasets(folder: Path) -> Iterator[None]:
    """`folder` holds big.npz, digits on MNIST's canvas, 128 a step for all blocks, and FFWEB_DATASETS names it."""
    path, before = folder / "big.npz", os.environ.get("FFWEB_DATASETS")
    if not path.exists():
        _write(path, 128 * BLOCK * (PAIRS + 2))
    os.environ["FFWEB_DATASETS"] = str(folder)
    try:
        yield
    finally:
        os.environ.pop("FFWEB_DATASETS")
        if before is not None:
            os.environ["FFWEB_DATASETS"] = before


def _write(path: Path, images: int) -> None:
    """`images` digits on MNIST's canvas, the same few again and again."""
    arrays = digits.read("digits", [])
    pixels = np.kron(arrays.x_train[..., 0] * 15, np.ones((3, 3), np.uint8)).astype(np.uint8)
    x, y = np.pad(pixels, ((0, 0), (2, 2), (2, 2))), arrays.y_train
    index = np.arange(images) % len(x)
    np.savez(path, x_train=x[index], y_train=y[index], x_test=x[:100], y_test=y[:100])

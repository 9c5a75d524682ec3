"""What watching costs the training process: one logged step, and meters and log together in the real loop."""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks.harness import Row, microseconds
from trainer.events import EventWriter, read_events
from trainer.meters import Meters

VALUES = {f"layers/{layer}/{name}": 0.123456789 * layer for layer in (1, 2) for name in ("gap", "loss", "goodness_pos")}
VALUES |= {"train/loss": 1.234, "learning_rate": 0.003, "speed/images_per_second": 12345.6, "memory/rss": 2.5e8}


def rows() -> list[Row]:
    return [_log(), _fast()]


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
    return Row("log a step of 10 metrics", cost, 25, "µs")


def _fast() -> Row:
    """The meters that are read at every logged step."""
    return Row("meters read at every logged step", microseconds(Meters("cpu").fast), 25, "µs")

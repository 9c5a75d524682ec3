"""A run's series in full, one row a logged step: what CSV and JSON Lines downloads are made of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ffweb.metrics import buckets as bk
from ffweb.metrics import read
from ffweb.metrics.models import Chunk

ROWS = 4096  # steps held in memory at a time


def rows(run_id: str) -> Iterator[dict[str, Any]]:
    """{step, epoch, time, images, flops, metric: value, …} for every step at which something was logged, in order.

    A row holds what was reported at its step and nothing else; a value may be nan or infinite.
    """
    series = read.names(run_id, axes=True)
    series.sort(key=lambda name: (not name.startswith(read.AXIS), name))
    steps = all_steps(run_id, series)
    for start in range(0, len(steps), ROWS):
        yield from _block(run_id, series, steps[start : start + ROWS])


def columns(run_id: str) -> list[str]:
    """Every key that a row can have, in the order for a table's head."""
    known = read.names(run_id, axes=True)
    axes = [axis for axis in read.AXES if read.AXIS + axis in known]
    return ["step", *axes, *(name for name in known if not name.startswith(read.AXIS))]


def all_steps(run_id: str, series: list[str]) -> bk.Steps:
    """Steps at which any of `series` has a point. Reads no values."""
    found = np.empty(0, np.int64)
    for name in series:
        chunks = Chunk.objects.filter(run_id=run_id, metric=name).order_by("index")
        parts = [bk.unpack_steps(*row) for row in chunks.values_list("step0", "stride", "n", "x")]
        found = np.union1d(found, np.concatenate(parts))
    return found


def _block(run_id: str, series: list[str], steps: bk.Steps) -> Iterator[dict[str, Any]]:
    block: list[dict[str, Any]] = [{"step": step} for step in steps.tolist()]
    for name in series:
        x, y = read.points(run_id, name, int(steps[0]), int(steps[-1]))
        key = name.removeprefix(read.AXIS)
        for place, value in zip(np.searchsorted(steps, x).tolist(), y.tolist(), strict=True):
            block[place][key] = value
    yield from block

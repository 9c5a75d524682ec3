"""The door of the series store: append, forget, a window of many series, everything in full.

    append(run_id, {"layers/1/gap": ([10, 20], [0.4, 0.5]), "axis/epoch": ([10, 20], [0.1, 0.2])})
    window(run_id, ["layers/*/gap"], x="epoch", points=600)["layers/1/gap"]   # Window(x, y, total)

A run's x axes (epoch, time, images, flops) are series too, named `axis/epoch` and so on, keyed by the same steps.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.db import transaction

from ffweb.metrics import export, read
from ffweb.metrics.packed import plain, typed
from ffweb.metrics.read import AXES, AXIS, Window, check_patterns, names
from ffweb.metrics.write import Batch, Writer

__all__ = [
    "AXES", "AXIS", "Batch", "Window", "Writer",
    "append", "check_patterns", "columns", "drop_after", "export_rows", "names", "plain", "typed", "window",
]  # fmt: skip


def append(run_id: str, batch: Batch) -> None:
    """Add {metric: (steps, values)} to a run's series; steps of a series do not decrease. One transaction.

    A writer that stays (the follower) keeps a `Writer`, which remembers where each series ends.
    """
    with transaction.atomic():
        Writer(run_id).append(batch)


def drop_after(run_id: str, step: int) -> None:
    """Forget all points with a step beyond `step`: a resumed trainer does those steps again. One transaction."""
    with transaction.atomic():
        Writer(run_id).drop_after(step)


def window(  # noqa: PLR0917 what, along which axis, from where to where, how fine: read in one breath
    run_id: str,
    names: Sequence[str],
    x: str = "step",
    lo: float | None = None,
    hi: float | None = None,
    points: int = 600,
) -> dict[str, Window]:
    """{name: Window} of the series that `names` (or globs, `layers/*/gap`) match, `points` buckets wide.

    See `read.window`. Raises ValueError for an unknown axis or fewer than 1 point.
    """
    return read.window(run_id, names, x, low=lo, high=hi, count=points)


def export_rows(run_id: str) -> Iterator[dict[str, Any]]:
    """One row a logged step, in full; see `export.rows`."""
    return export.rows(run_id)


def columns(run_id: str) -> list[str]:
    """The keys that `export_rows` can give, in order."""
    return export.columns(run_id)

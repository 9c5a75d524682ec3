"""Writing series: points are appended to the last chunk; a full chunk goes into the pyramid."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import connection
from django.db.models import Max

from ffweb.metrics import buckets as bk
from ffweb.metrics.models import Chunk, Pyramid

Batch = Mapping[str, tuple[Sequence[int], Sequence[float]]]  # metric → (steps, values)

Row = tuple[Any, ...]
_KEY = ("run_id", "metric", "index")
_COLUMNS = (*_KEY, "step0", "stride", "n", "min", "max", "first", "last", "y", "x")


def _upsert() -> str:
    quoted = [f'"{name}"' for name in _COLUMNS]
    update = ", ".join(f"{name} = EXCLUDED.{name}" for name in quoted[len(_KEY) :])
    return (
        f"INSERT INTO {Chunk._meta.db_table} ({', '.join(quoted)}) VALUES ({', '.join(['%s'] * len(quoted))}) "
        f"ON CONFLICT ({', '.join(quoted[: len(_KEY)])}) DO UPDATE SET {update}"
    )


_UPSERT = _upsert()
_TAIL = ("metric", "index", "step0", "stride", "n", "x", "y")


@dataclass(frozen=True)
class Tail:
    """The last chunk of a series; empty where a new chunk is to begin."""

    index: int
    x: bk.Steps
    y: bk.Values


_NEW = Tail(0, np.empty(0, np.int64), np.empty(0))


class Writer:
    """Appends to one run's series and remembers their last chunks between batches.

    One writer a run at a time, inside the caller's transaction; after a rollback make a new one.
    """

    def __init__(self, run_id: str) -> None:
        self.run_id = run_id
        self._tails: dict[str, Tail] = {}

    def append(self, batch: Batch) -> None:
        """Append points to their series; steps of a series do not decrease."""
        self._load(batch)
        rows: list[Row] = []
        for metric, (steps, values) in batch.items():
            if not steps:
                continue
            tail = self._tails[metric]
            x = np.concatenate([tail.x, np.asarray(steps, np.int64)])
            y = np.concatenate([tail.y, np.asarray(values, np.float64)])
            rows += self._cut(metric, tail.index, x, y)
        _save_chunks(rows)

    def _cut(self, metric: str, index: int, x: bk.Steps, y: bk.Values) -> list[Row]:
        """Chunks of x, y from chunk `index` on; the full ones go into the pyramid too."""
        full = len(x) // bk.CHUNK
        if full:
            self._add_to_pyramid(metric, index, x[: full * bk.CHUNK], y[: full * bk.CHUNK])
        rest = slice(full * bk.CHUNK, None)
        self._tails[metric] = Tail(index + full, x[rest], y[rest])
        parts = [slice(start, start + bk.CHUNK) for start in range(0, len(x), bk.CHUNK)]
        return [_row(self.run_id, metric, index + k, x[part], y[part]) for k, part in enumerate(parts)]

    def _add_to_pyramid(self, metric: str, index: int, x: bk.Steps, y: bk.Values) -> None:
        """Add full chunks, the first of them being chunk `index`."""
        rows: list[Pyramid] = []
        for level, size in bk.FACTORS.items():
            added = bk.of_points(x, y, size)
            row, inside = divmod(index * bk.per_chunk(level), bk.ROW)
            blobs = Pyramid.objects.filter(run_id=self.run_id, metric=metric, level=level, index=row)
            before = bk.unpack_buckets(blobs.values_list("blob", flat=True).get())[:inside] if inside else bk.NO_BUCKETS
            rows += _pyramid_rows(self.run_id, metric, level, row, np.concatenate([before, added]))
        _save_pyramid(rows)

    def _load(self, metrics: Iterable[str]) -> None:
        missing = [metric for metric in metrics if metric not in self._tails]
        if missing:
            found = last_chunks(self.run_id, missing)
            self._tails.update({metric: found.get(metric, _NEW) for metric in missing})

    def drop_after(self, step: int) -> None:
        """Forget every point with a step beyond `step`, in all series of the run."""
        self._tails.clear()
        cut = Chunk.objects.filter(run_id=self.run_id, step0__gt=step)
        touched = set(cut.values_list("metric", flat=True))
        cut.delete()
        for metric, tail in last_chunks(self.run_id, None, raw=True).items():
            keep = int(np.searchsorted(tail.x, step, "right"))
            if keep < len(tail.x):
                _save_chunks([_row(self.run_id, metric, tail.index, tail.x[:keep], tail.y[:keep])])
                touched.add(metric)
            if metric in touched:
                self._trim_pyramid(metric, tail.index + (keep == bk.CHUNK))
                touched.discard(metric)
        Pyramid.objects.filter(run_id=self.run_id, metric__in=touched).delete()

    def _trim_pyramid(self, metric: str, full_chunks: int) -> None:
        """Keep the buckets of the first `full_chunks` chunks."""
        for level in bk.FACTORS:
            row, inside = divmod(full_chunks * bk.per_chunk(level), bk.ROW)
            rows = Pyramid.objects.filter(run_id=self.run_id, metric=metric, level=level)
            rows.filter(index__gt=row if inside else row - 1).delete()
            last = rows.filter(index=row).values_list("blob", flat=True).first()
            if last is not None:
                _save_pyramid(_pyramid_rows(self.run_id, metric, level, row, bk.unpack_buckets(last)[:inside]))


def last_chunks(run_id: str, metrics: Iterable[str] | None, *, raw: bool = False) -> dict[str, Tail]:
    """The last chunk of each series; where it is full, the empty one to come, unless `raw`."""
    chunks = Chunk.objects.filter(run_id=run_id)
    if metrics is not None:
        chunks = chunks.filter(metric__in=list(metrics))
    by_index: dict[int, list[str]] = {}
    for metric, index in chunks.values_list("metric").annotate(Max("index")).order_by():
        by_index.setdefault(index, []).append(metric)
    tails: dict[str, Tail] = {}
    for index, names in by_index.items():
        rows = Chunk.objects.filter(run_id=run_id, metric__in=names, index=index).values_list(*_TAIL)
        for metric, i, step0, stride, n, x, y in rows:
            full = n == bk.CHUNK and not raw
            tails[metric] = (
                Tail(i + 1, _NEW.x, _NEW.y)
                if full
                else Tail(i, bk.unpack_steps(step0, stride, n, x), bk.unpack_values(y))
            )
    return tails


def _row(run_id: str, metric: str, index: int, x: bk.Steps, y: bk.Values) -> Row:
    """A chunk as the values of _COLUMNS."""
    step0, stride, steps = bk.pack_steps(x)
    finite = y[np.isfinite(y)]
    low, high = (float(finite.min()), float(finite.max())) if len(finite) else (None, None)
    blob = y.astype("<f8", copy=False).tobytes()
    return run_id, metric, index, step0, stride, len(x), low, high, _finite(y[0]), _finite(y[-1]), blob, steps


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _save_chunks(rows: list[Row]) -> None:
    """Insert or replace, by plain SQL that SQLite and Postgres share: the ORM takes three times as long."""
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(_UPSERT, rows)


def _pyramid_rows(run_id: str, metric: str, level: int, row: int, buckets: bk.Buckets) -> list[Pyramid]:
    parts = [buckets[i : i + bk.ROW] for i in range(0, len(buckets), bk.ROW)]
    return [
        Pyramid(run_id=run_id, metric=metric, level=level, index=row + k, n=len(part), blob=part.tobytes())
        for k, part in enumerate(parts)
    ]


def _save_pyramid(rows: list[Pyramid]) -> None:
    Pyramid.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["run", "metric", "level", "index"],
        update_fields=["n", "blob"],
    )

"""Numpy under the series store: how a chunk is laid out, and the least and greatest point of each bucket.

A bucket keeps the two points themselves, steps too, so that everything that is drawn was logged just so.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Steps = npt.NDArray[np.int64]
Values = npt.NDArray[np.float64]
Buckets = npt.NDArray[Any]
Blob = bytes | memoryview  # SQLite gives the one, Postgres the other

CHUNK = 1024  # points a chunk; all chunks of a series but its last are full
FACTORS = {1: 16, 2: 256}  # points a bucket, by level of the pyramid
ROW = 1024  # buckets a row of the pyramid

BUCKET = np.dtype([("x_min", "<i8"), ("min", "<f8"), ("x_max", "<i8"), ("max", "<f8")])
NO_BUCKETS: Buckets = np.empty(0, BUCKET)


def per_chunk(level: int) -> int:
    """Buckets of one full chunk."""
    return CHUNK // FACTORS[level]


def pack_steps(x: Steps) -> tuple[int, int, bytes | None]:
    """(step0, stride, blob): the blob is None where step0 + k * stride says it all."""
    step0 = int(x[0])
    stride = int(x[1]) - step0 if len(x) > 1 else 0
    if len(x) < 3 or bool((x[1:] - x[:-1] == stride).all()):
        return step0, stride, None
    return step0, stride, x.astype("<i8").tobytes()


def unpack_steps(step0: int, stride: int, n: int, blob: Blob | None) -> Steps:
    if blob is None:
        return step0 + stride * np.arange(n, dtype=np.int64)
    return np.frombuffer(blob, "<i8").astype(np.int64, copy=False)


def unpack_values(blob: Blob) -> Values:
    return np.frombuffer(blob, "<f8").astype(np.float64, copy=False)


def unpack_buckets(blob: Blob) -> Buckets:
    return np.frombuffer(blob, BUCKET)


def of_points(x: Steps, y: Values, size: int) -> Buckets:
    """Buckets of `size` points each; the last may hold fewer."""
    return _reduce(x, y, x, y, np.arange(0, len(x), size))


def spread(x: Steps, y: Values, count: int) -> Buckets:
    """`count` buckets, of as equal numbers of points as can be."""
    return _reduce(x, y, x, y, np.arange(count) * len(x) // count)


def regroup(buckets: Buckets, count: int) -> Buckets:
    """At most `count` buckets, of as equal numbers of the given ones as can be."""
    if len(buckets) <= count:
        return buckets
    starts = np.arange(count) * len(buckets) // count
    return _reduce(buckets["x_min"], buckets["min"], buckets["x_max"], buckets["max"], starts)


def _reduce(x_low: Steps, low: Values, x_high: Steps, high: Values, starts: npt.NDArray[np.int64]) -> Buckets:
    out = np.empty(len(starts), BUCKET)
    if len(starts):
        at = _first_of(np.minimum, np.where(np.isfinite(low), low, np.inf), starts)
        out["x_min"], out["min"] = x_low[at], low[at]
        at = _first_of(np.maximum, np.where(np.isfinite(high), high, -np.inf), starts)
        out["x_max"], out["max"] = x_high[at], high[at]
    return out


def _first_of(extreme: np.ufunc, values: Values, starts: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Index of the first least (or greatest) value of each group. NaN must have been replaced."""
    best = extreme.reduceat(values, starts)
    group = np.repeat(np.arange(len(starts)), np.diff(starts, append=len(values)))
    hits = np.flatnonzero(values == best[group])
    groups = group[hits]
    return hits[np.flatnonzero(np.diff(groups, prepend=-1))]


def to_points(buckets: Buckets) -> tuple[Steps, Values]:
    """Both points of each bucket in the order of their steps; one where they are the same."""
    swap = buckets["x_min"] > buckets["x_max"]
    x = np.empty(2 * len(buckets), np.int64)
    y = np.empty(2 * len(buckets), np.float64)
    x[0::2] = np.where(swap, buckets["x_max"], buckets["x_min"])
    x[1::2] = np.where(swap, buckets["x_min"], buckets["x_max"])
    y[0::2] = np.where(swap, buckets["max"], buckets["min"])
    y[1::2] = np.where(swap, buckets["min"], buckets["max"])
    keep = np.ones(len(x), bool)
    keep[1::2] = (x[1::2] != x[0::2]) | (y[1::2] != y[0::2]) & ~(np.isnan(y[1::2]) & np.isnan(y[0::2]))
    return x[keep], y[keep]

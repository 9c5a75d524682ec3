"""Reading series: a window of many at once, from the coarsest level that still has a bucket a pixel."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ffweb.globs import Glob
from ffweb.metrics import buckets as bk
from ffweb.metrics.models import Chunk, Pyramid

Points = tuple[bk.Steps, bk.Values]
NO_POINTS: Points = (np.empty(0, np.int64), np.empty(0))
AXES = ("step", "epoch", "time", "images", "flops")
AXIS = "axis/"
MOST_GLOBS = 50
MOST_POINTS = 1_000_000  # of one answer: with more series each has fewer


@dataclass(frozen=True)
class Window:
    """Points of a series as they were logged; `total` is how many the window holds before thinning."""

    x: npt.NDArray[np.int64] | npt.NDArray[np.float64]
    y: npt.NDArray[np.float64]
    total: int


class _Span(NamedTuple):
    """The chunks first … last of a series."""

    first: int
    last: int


def names(run_id: str, *, axes: bool = False) -> list[str]:
    """Names of the series of a run, sorted; with `axes` those of its x axes too (`axis/epoch`, …)."""
    found = Chunk.objects.filter(run_id=run_id, index=0).order_by("metric").values_list("metric", flat=True)
    return [name for name in found if axes or not name.startswith(AXIS)]


def matching(known: Iterable[str], patterns: Iterable[str]) -> list[str]:
    """Names that one of `patterns` matches; `*` stands for any characters. Axes only where a pattern says `axis/`."""
    wanted = set(patterns)
    globs = check_patterns(wanted)
    axes, others = ([Glob(g) for g in globs if g.startswith(AXIS) or not axis] for axis in (True, False))
    return [
        name
        for name in known
        if name in wanted or any(glob.matches(name) for glob in (axes if name.startswith(AXIS) else others))
    ]


def check_patterns(patterns: Iterable[str]) -> list[str]:
    """Those with a `*`: each of them is held against every name. Raises ValueError for more than MOST_GLOBS."""
    globs = [pattern for pattern in patterns if "*" in pattern]
    if len(globs) > MOST_GLOBS:
        raise ValueError(f"At most {MOST_GLOBS} names may hold a *; here {len(globs)} do.")
    return globs


def points(run_id: str, metric: str, low: int | None = None, high: int | None = None) -> Points:
    """Every point of one series with low ≤ step ≤ high."""
    span = _spans(run_id, [metric], low, high).get(metric)
    if span is None:
        return NO_POINTS
    return _trim(_joined(_chunks(run_id, [metric], index__range=(span.first, span.last))[metric]), low, high)


def window(
    run_id: str,
    patterns: Sequence[str],
    x: str = "step",
    *,
    low: float | None = None,
    high: float | None = None,
    count: int = 600,
) -> dict[str, Window]:
    """Series that match `patterns`, thinned to the least and greatest point of each of `count` buckets.

    At most 2 `count` + 2 points a series, the first and last of the window always among them; all of them where the
    window holds no more than 2 `count`. `low` and `high` are in units of the axis `x`. Where so many series match that
    they would hold more than MOST_POINTS, `count` is less.

    Raises ValueError for an unknown axis, a `count` below 1 or too many patterns.
    """
    if x not in AXES:
        raise ValueError(f"There is no x axis {x!r}; there are {', '.join(AXES)}.")
    if count < 1:
        raise ValueError("At least 1 point must be asked for.")
    wanted = matching(names(run_id, axes=True), patterns)
    count = max(1, min(count, MOST_POINTS // (2 * len(wanted) or 1)))
    if x == "step":
        return _by_step(
            run_id, wanted, None if low is None else int(np.ceil(low)), None if high is None else int(high), count
        )
    steps, positions = points(run_id, AXIS + x)
    if not len(steps):
        return {}
    first = 0 if low is None else int(np.searchsorted(positions, low, "left"))
    last = len(steps) if high is None else int(np.searchsorted(positions, high, "right"))
    if first >= last:
        return {}
    found = _by_step(run_id, wanted, int(steps[first]), int(steps[last - 1]), count)
    return {name: Window(np.interp(w.x, steps, positions), w.y, w.total) for name, w in found.items()}


@dataclass(frozen=True)
class _Ask:
    """What is read of a group of series of one extent."""

    run_id: str
    names: list[str]
    span: _Span
    low: int | None
    high: int | None
    count: int


def _by_step(run_id: str, wanted: list[str], low: int | None, high: int | None, count: int) -> dict[str, Window]:
    """Series of one extent are read together: one query for their chunks, one for their buckets."""
    together: dict[_Span, list[str]] = defaultdict(list)
    for name, span in _spans(run_id, wanted, low, high).items():
        together[span].append(name)
    found: dict[str, Window] = {}
    for span, group in together.items():
        found.update(_read(_Ask(run_id, group, span, low, high, count)))
    return {name: found[name] for name in wanted if name in found and found[name].total}


def _read(ask: _Ask) -> dict[str, Window]:
    level = _level(ask.span, ask.count)
    return _from_points(ask) if level is None else _from_buckets(ask, level)


def _level(span: _Span, count: int) -> int | None:
    """The coarsest level with a bucket a pixel among its inner chunks; None for the points themselves."""
    inner = max(0, span.last - span.first - 1)
    return max((level for level in bk.FACTORS if inner * bk.per_chunk(level) >= count), default=None)


def _from_points(ask: _Ask) -> dict[str, Window]:
    chunks = _chunks(ask.run_id, ask.names, index__range=(ask.span.first, ask.span.last))
    found = {}
    for name in ask.names:
        x, y = _trim(_joined(chunks[name]), ask.low, ask.high)
        if len(x) <= 2 * ask.count:
            found[name] = Window(x, y, len(x))
        else:
            found[name] = _thinned(bk.spread(x, y, ask.count), (x, y), (x, y), len(x))
    return found


def _from_buckets(ask: _Ask, level: int) -> dict[str, Window]:
    """The chunks at both ends point by point, what lies between from the pyramid."""
    first, last, size = ask.span.first, ask.span.last, bk.FACTORS[level]
    ends = _chunks(ask.run_id, ask.names, index__in=(first, last))
    inner = _pyramid(ask.run_id, ask.names, level, first + 1, last)
    found: dict[str, Window] = {}
    late: list[str] = []  # series whose window begins between two chunks
    for name in ask.names:
        head, tail = (_trim(chunk, ask.low, ask.high) for chunk in ends[name])
        if not len(head[0]):
            late.append(name)
            continue
        total = len(head[0]) + (last - first - 1) * bk.CHUNK + len(tail[0])
        parts = np.concatenate([bk.of_points(*head, size), inner[name], bk.of_points(*tail, size)])
        found[name] = _thinned(bk.regroup(parts, ask.count), head, tail, total)
    if late:
        found.update(_read(replace(ask, names=late, span=ask.span._replace(first=first + 1))))
    return found


def _thinned(buckets: bk.Buckets, head: Points, tail: Points, total: int) -> Window:
    """`buckets` as points, with the first of `head` in front and the last of `tail` behind unless they are there."""
    x, y = bk.to_points(buckets)
    before = len(head[0]) > 0 and not (x[0] == head[0][0] and _same(y[0], head[1][0]))
    after = len(tail[0]) > 0 and not (x[-1] == tail[0][-1] and _same(y[-1], tail[1][-1]))
    return Window(
        np.concatenate([head[0][: int(before)], x, tail[0][len(tail[0]) - int(after) :]]),
        np.concatenate([head[1][: int(before)], y, tail[1][len(tail[1]) - int(after) :]]),
        total,
    )


def _same(a: float, b: float) -> bool:
    return bool(a == b or (np.isnan(a) and np.isnan(b)))


def _spans(run_id: str, wanted: Iterable[str], low: int | None, high: int | None) -> dict[str, _Span]:
    """Which chunks of each series can hold steps low … high; series without any are left out."""
    rows = Chunk.objects.filter(run_id=run_id, metric__in=list(wanted)).order_by("metric", "index")
    if high is not None:
        rows = rows.filter(step0__lte=high)
    starts: dict[str, list[int]] = defaultdict(list)
    for metric, step0 in rows.values_list("metric", "step0"):
        starts[metric].append(step0)
    # The first chunk that may hold `low` is the last one that begins before it; chunks count from 0 without holes.
    return {metric: _Span(_before(chunks, low), len(chunks) - 1) for metric, chunks in starts.items()}


def _before(starts: list[int], low: int | None) -> int:
    return 0 if low is None else max(0, bisect_left(starts, low) - 1)


def _chunks(run_id: str, group: Iterable[str], **which: object) -> dict[str, list[Points]]:
    """The chosen chunks of each series, in order."""
    rows = Chunk.objects.filter(run_id=run_id, metric__in=list(group), **which).order_by("metric", "index")
    chunks: dict[str, list[Points]] = defaultdict(list)
    for metric, step0, stride, n, x, y in rows.values_list("metric", "step0", "stride", "n", "x", "y"):
        chunks[metric].append((bk.unpack_steps(step0, stride, n, x), bk.unpack_values(y)))
    return chunks


def _pyramid(run_id: str, group: list[str], level: int, first: int, last: int) -> dict[str, bk.Buckets]:
    """The buckets of chunks first … last − 1 of each series."""
    per_chunk = bk.per_chunk(level)
    low, high = first * per_chunk, last * per_chunk
    rows = Pyramid.objects.filter(
        run_id=run_id, metric__in=group, level=level, index__range=(low // bk.ROW, (high - 1) // bk.ROW)
    ).order_by("metric", "index")
    parts: dict[str, list[bk.Buckets]] = defaultdict(list)
    for metric, blob in rows.values_list("metric", "blob"):
        parts[metric].append(bk.unpack_buckets(blob))
    skip = low // bk.ROW * bk.ROW
    return {name: np.concatenate(found)[low - skip : high - skip] for name, found in parts.items()}


def _joined(chunks: Sequence[Points]) -> Points:
    return np.concatenate([x for x, _ in chunks]), np.concatenate([y for _, y in chunks])


def _trim(points: Points, low: int | None, high: int | None) -> Points:
    x, y = points
    first = 0 if low is None else int(np.searchsorted(x, low, "left"))
    last = len(x) if high is None else int(np.searchsorted(x, high, "right"))
    return x[first:last], y[first:last]

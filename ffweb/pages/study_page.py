"""A study of memory as its page shows it: lines of the plot, a table by depth and method, one sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ffweb.pages.format import duration, number, size
from ffweb.pages.rows import data_of
from ffweb.runs.status import FINISHED
from ffweb.runs.studies import Point, held
from trainer.profiling.cases import METHODS
from trainer.profiling.saving import MEGABYTE, sentences
from trainer.words import plural

PART_NAMES = {"weights": "weights", "gradients": "gradients", "optimiser": "optimiser", "activations": "activities"}


@dataclass(frozen=True)
class Line:
    """A method: its place among the colours, the same in every study, and its points in the order of depth."""

    title: str
    slot: int
    backprop: bool
    """Drawn with dashes: colour alone tells no method."""
    points: list[dict[str, Any]]


def lines(points: Sequence[Point]) -> list[Line]:
    """One a method of the study, in the methods' order."""
    present = {point.case.method for point in points}
    return [
        Line(
            title=method.title,
            slot=slot,
            backprop=not held(name)["local"],
            points=[_drawn(point) for point in points if point.case.method == name and point.told],
        )
        for slot, (name, method) in enumerate(METHODS.items(), 1)
        if name in present
    ]


def _drawn(point: Point) -> dict[str, Any]:
    assert point.rise is not None
    return {
        "x": point.case.layers,
        "y": point.rise / MEGABYTE,
        "text": "<br>".join(_hover(point)),
        "open": point.status != FINISHED,
    }


def _hover(point: Point) -> list[str]:
    held = [f"{PART_NAMES[part]} {size(count)}" for part, count in (point.parts or {}).items()]
    end = [duration(point.seconds)] if point.seconds else ["still training"] if point.active else []
    return [f"{point.case.title}: {size(point.rise)}", *held, *end]


def plot_data(points: Sequence[Point]) -> dict[str, Any]:
    """For the page's script; `runs`: what each run had told when this was read."""
    return {
        "depths": sorted({point.case.layers for point in points}),
        "lines": [vars(line) for line in lines(points)],
        "runs": {point.run: [point.status, point.rise, point.silent] for point in points},
        "conditions": conditions(points),
        "active": sum(point.active for point in points),
    }


def table(points: Sequence[Point]) -> list[tuple[int, list[Point | None]]]:
    """By depth, the case of each method of `lines`."""
    by_place = {(point.case.layers, point.case.method): point for point in points}
    methods = [name for name in METHODS if any(point.case.method == name for point in points)]
    depths = sorted({point.case.layers for point in points})
    return [(depth, [by_place.get((depth, method)) for method in methods]) for depth in depths]


def conditions(points: Sequence[Point]) -> str:
    """What all points share."""
    case = points[0].case
    data = data_of(case.data)
    images = f"{number(case.images) if case.images else 'all'} {data.items}"
    devices = sorted({point.device for point in points if point.device})
    where = f", on {' and '.join(devices)}" if devices else ""
    return (
        f"{data.title}, {images}, one epoch, batches of {number(case.batch)}, "
        f"layers of {number(case.hidden)}{where}. Every point is a run, in a process of its own."
    )


def savings(points: Sequence[Point]) -> list[str]:
    """How much of what FF saves beside backprop comes from pieces of a batch, how much from locality."""
    ended = [point for point in points if point.told and point.status == FINISHED]
    peaks = {(point.case.method, point.case.layers): point.rise for point in ended if point.rise is not None}
    return sentences(peaks, on_gpu=any(point.on_gpu for point in ended))


def standing(points: Sequence[Point]) -> str:
    """How far the study is."""
    ended = sum(not point.active for point in points)
    failed = sum(not point.active and point.status != FINISHED for point in points)
    gone = f", {number(failed)} without a figure" if failed else ""
    return f"{number(ended)} of {plural(len(points), 'run')} {'has' if len(points) == 1 else 'have'} ended{gone}"

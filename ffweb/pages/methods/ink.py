"""Strokes of the drawings: SVG elements as text. Colours come from classes, so that both themes work.

A class layer-a, layer-b or layer-c sets the colour of a layer (first to last); everything inside strokes and fills with
currentColor.
"""

from __future__ import annotations

from math import atan2, cos, sin

from django.utils.html import escape

Point = tuple[float, float]
HEAD = 7.0  # length of an arrow's head


def n(value: float) -> str:
    """A coordinate with at most one decimal."""
    return f"{value:.1f}".removesuffix(".0")


def rect(x: float, y: float, w: float, h: float, css: str, *, r: float = 0) -> str:
    corner = f' rx="{n(r)}"' if r else ""
    return f'<rect class="{css}" x="{n(x)}" y="{n(y)}" width="{n(w)}" height="{n(h)}"{corner}/>'


def path(d: str, css: str = "stroke") -> str:
    return f'<path class="{css}" d="{d}"/>'


def line(a: Point, b: Point, css: str = "stroke") -> str:
    return path(f"M{n(a[0])} {n(a[1])}L{n(b[0])} {n(b[1])}", css)


def text(x: float, y: float, words: str, css: str = "") -> str:
    return f'<text x="{n(x)}" y="{n(y)}"{f" class={css!r}" if css else ""}>{escape(words)}</text>'.replace("'", '"')


def texts(x: float, y: float, lines: tuple[str, ...], css: str = "", step: float = 16) -> str:
    return "".join(text(x, y + i * step, words, css) for i, words in enumerate(lines))


def group(css: str, *parts: str) -> str:
    return f'<g class="{css}">{"".join(parts)}</g>'


def arrow(start: Point, end: Point, css: str = "stroke") -> str:
    """A straight arrow whose head ends in `end`."""
    return line(start, _before(start, end), css) + _head(start, end)


def curve(start: Point, one: Point, two: Point, end: Point, css: str = "stroke") -> str:
    """A cubic arrow; its head points from the second control point to `end`."""
    stop = _before(two, end)
    d = "M{} {}C{} {} {} {} {} {}".format(*(n(v) for point in (start, one, two, stop) for v in point))
    return path(d, css) + _head(two, end)


def _before(start: Point, end: Point) -> Point:
    """Where the shaft ends, so that it does not show through the tip."""
    angle = atan2(end[1] - start[1], end[0] - start[0])
    return end[0] - (HEAD - 1) * cos(angle), end[1] - (HEAD - 1) * sin(angle)


def _head(start: Point, end: Point) -> str:
    angle = atan2(end[1] - start[1], end[0] - start[0])
    wings = [(end[0] - HEAD * cos(angle + turn), end[1] - HEAD * sin(angle + turn)) for turn in (0.42, -0.42)]
    return path("M" + "L".join(f"{n(x)} {n(y)}" for x, y in (end, *wings)) + "Z", "filled")

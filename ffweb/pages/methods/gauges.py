"""What a layer reads from its activity, as it is drawn over the layer: θ, a pair, ten scores, prototypes, patches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import cos, radians, sin

from ffweb.pages.methods.ink import Point, arrow, line, path, rect, text

FLOOR = 76.0  # the top of the layers


@dataclass(frozen=True)
class Gauge:
    """A drawing, and where the arrow that teaches the layer leaves it."""

    svg: str
    right: Point
    left: Point


def _theta(cx: float, depth: int) -> Gauge:
    up, down = arrow((cx - 9, 35), (cx - 9, 12)), arrow((cx + 9, 43), (cx + 9, 66), "stroke dashed")
    words = (
        text(cx - 20, 20, "+", "small middle")
        + text(cx + 20, 64, "−", "small middle")
        + text(cx - 38, 43, "θ", "small")
    )
    return Gauge(up + down + line((cx - 28, 39), (cx + 28, 39), "stroke dotted") + words, (cx + 32, 40), (cx - 42, 39))


def _pair(cx: float, depth: int) -> Gauge:
    """Nothing absolute: the positive above the negative, as far as it gets."""
    bars = line((cx - 16, 16), (cx + 16, 16)) + line((cx - 16, 60), (cx + 16, 60), "stroke dashed")
    apart = arrow((cx, 38), (cx, 20)) + arrow((cx, 38), (cx, 56))
    words = text(cx - 25, 20, "+", "small middle") + text(cx - 25, 64, "−", "small middle")
    return Gauge(bars + apart + words, (cx + 20, 36), (cx - 31, 36))


def _bounded(cx: float, depth: int) -> Gauge:
    """A pair with limits beyond which nothing pushes on."""
    pair = _pair(cx, depth)
    limits = line((cx - 20, 9), (cx + 20, 9), "stroke dotted") + line((cx - 20, 67), (cx + 20, 67), "stroke dotted")
    return Gauge(pair.svg + limits, pair.right, pair.left)


def _margin(cx: float, depth: int) -> Gauge:
    """One positive, several negatives, at least m apart."""
    bars = line((cx - 16, 14), (cx + 16, 14))
    bars += "".join(line((cx - 16, y), (cx + 16, y), "stroke dashed") for y in (46, 55, 64))
    apart = arrow((cx, 30), (cx, 18)) + arrow((cx, 30), (cx, 42))
    return Gauge(bars + apart + text(cx + 6, 34, "m", "small"), (cx + 22, 30), (cx - 22, 30))


def _cells(cx: float, y: float, width: float = 8) -> str:
    """A row of ten scores: the true class filled, the others are the negatives."""
    left = cx - 5 * width
    return "".join(rect(left + i * width + 1, y, width - 2, 11, "filled" if i == 2 else "cell", r=1) for i in range(10))


def _row(cx: float, depth: int) -> Gauge:
    fan = path(f"M{cx - 14} {FLOOR - 2}L{cx - 38} 38H{cx + 38}L{cx + 14} {FLOOR - 2}Z", "fan")
    return Gauge(fan + _cells(cx, 22), (cx + 43, 28), (cx - 43, 28))


def _groups(cx: float, depth: int) -> Gauge:
    """Units belong to a class; nothing is learnt between them and the row."""
    lines = "".join(line((cx + 3.2 * i, FLOOR - 2), (cx + 8 * i, 38), "cut") for i in (-4, -2, 0, 2, 4))
    return Gauge(lines + _cells(cx, 22), (cx + 43, 28), (cx - 43, 28))


def _prototypes(cx: float, depth: int) -> Gauge:
    def ray(angle: float, css: str) -> str:
        end = (cx + 26 * cos(radians(angle)), 38 - 26 * sin(radians(angle)))
        return arrow((cx, 38), end, css) if css == "stroke" else line((cx, 38), end, css)

    circle = f'<circle class="stroke dotted" cx="{cx:g}" cy="38" r="30"/>'
    rays = "".join(ray(angle, "stroke dashed") for angle in (10, 100, 170, 215, 260, 320))
    return Gauge(circle + rays + ray(52, "stroke"), (cx + 33, 34), (cx - 33, 34))


def _grid(cx: float, depth: int) -> Gauge:
    """Energies of patches, coarser with depth, and fixed lines to the row."""
    cells = max(4 - depth, 2)
    cuts = [i * 30 / cells for i in range(1, cells)]
    square = rect(cx - 15, 40, 30, 30, "stroke", r=1)
    square += "".join(
        line((cx - 15 + c, 40), (cx - 15 + c, 70)) + line((cx - 15, 40 + c), (cx + 15, 40 + c)) for c in cuts
    )
    fixed = "".join(line((cx + 2.5 * i, 38), (cx + 7 * i, 24), "cut") for i in (-5, -2, 1, 4))
    return Gauge(square + fixed + _cells(cx, 10), (cx + 43, 16), (cx - 43, 16))


def _relation(cx: float, depth: int) -> Gauge:
    """A row, and who resembles whom in the batch."""
    spots = [(0, 0), (1, 1), (2, 2), (0, 2), (2, 0)]
    square = rect(cx - 15, 38, 30, 30, "stroke", r=1)
    square += "".join(rect(cx - 13 + 9 * a, 40 + 9 * b, 8, 8, "filled") for a, b in spots)
    return Gauge(square + _cells(cx, 14), (cx + 43, 22), (cx - 43, 22))


GAUGES: dict[str, Callable[[float, int], Gauge]] = {
    "theta": _theta,
    "pair": _pair,
    "bounded": _bounded,
    "margin": _margin,
    "row": _row,
    "groups": _groups,
    "prototypes": _prototypes,
    "grid": _grid,
    "relation": _relation,
}

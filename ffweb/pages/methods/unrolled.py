"""The recurrent net, drawn as it is over its ticks: image held below, label held above, states of the tick before."""

from __future__ import annotations

from django.utils.safestring import SafeString

from ffweb.pages.methods.drawing import svg
from ffweb.pages.methods.ink import arrow, group, path, rect, text

TICKS = 5
LEFT, PITCH, WIDE, TALL = 118.0, 112.0, 64.0, 30.0
ROWS = {"label": 34.0, "L2": 86.0, "L1": 140.0, "image": 192.0}
COLOURS = {"L1": "layer-a", "L2": "layer-c"}


def draw(title: str) -> SafeString:
    """Arrows have the colour of the layer that sends."""
    columns = "".join(_column(tick) for tick in range(TICKS))
    between = "".join(_between(tick) for tick in range(TICKS - 1))
    right = LEFT + PITCH * (TICKS - 1) + WIDE
    late = path(f"M{LEFT + 2 * PITCH:g} 20v-6H{right:g}v6", "stroke dotted")
    words = text((LEFT + 2 * PITCH + right) / 2, 10, "goodness counts over the later ticks", "small middle")
    held = text(20, ROWS["label"] + 19, "held above", "small") + text(20, ROWS["image"] + 19, "held below", "small")
    return svg(between + columns + late + words + held, 250, title)


def _x(tick: int) -> float:
    return LEFT + PITCH * tick


def _column(tick: int) -> str:
    return "".join(_cell(name, tick) for name in ROWS) + text(
        _x(tick) + WIDE / 2, 240, f"tick {tick + 1}", "small middle"
    )


def _cell(name: str, tick: int) -> str:
    css = "layer-box" if name in COLOURS else "image"
    box = rect(_x(tick), ROWS[name], WIDE, TALL, css, r=4)
    words = text(_x(tick) + WIDE / 2, ROWS[name] + 19, name, "strong middle" if name in COLOURS else "middle")
    return group(COLOURS.get(name, ""), box, words)


def _between(tick: int) -> str:
    """From one tick to the next: up, down, and each layer's own state."""
    ways = (("label", "L2"), ("L2", "L1"), ("L1", "L2"), ("image", "L1"), ("L1", "L1"), ("L2", "L2"))
    return "".join(group(COLOURS.get(a, ""), _way(a, b, tick)) for a, b in ways)


def _way(a: str, b: str, tick: int) -> str:
    lift = 0 if a == b else (9 if ROWS[b] > ROWS[a] else -9)
    start = (_x(tick) + WIDE + 2, ROWS[a] + TALL / 2 + lift)
    end = (_x(tick + 1) - 2, ROWS[b] + TALL / 2 - lift)
    return arrow(start, end)

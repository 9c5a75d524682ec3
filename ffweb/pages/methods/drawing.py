"""A method as a picture, from a few parameters: what goes in, what each layer reads, whose weights a loss moves.

One language for all: solid is positive, dashed negative; a box is a layer in its colour; two bars let no gradient
through; a curved arrow in the colour of the loss's layer ends at each box that it teaches; a thick one is backprop.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from ffweb.pages.methods import inputs
from ffweb.pages.methods.gauges import FLOOR, GAUGES
from ffweb.pages.methods.ink import arrow, curve, group, line, path, rect, text, texts

WIDTH, BOX, HEIGHT = 700, 34.0, 110.0
BOTTOM = FLOOR + HEIGHT
LANES = {1: (131.0,), 2: (99.0, 163.0)}
PLACES = {1: (300.0,), 2: (200.0, 380.0), 3: (160.0, 300.0, 440.0)}
COLOURS = {1: ("layer-b",), 2: ("layer-a", "layer-c"), 3: ("layer-a", "layer-b", "layer-c")}
ANSWER = 556.0
BACK = 176.0  # where the gradient runs back
BUS = 226.0  # where a readout collects


@dataclass(frozen=True)
class Picture:
    """`gauges` are one per layer ("" for none), each a key of GAUGES; `inputs` one per lane, keys of inputs.DRAWN."""

    inputs: tuple[str, ...] = ("true", "wrong")
    gauges: tuple[str, ...] = ("theta",) * 3
    body: str = "dense"  # dense, conv, groups, local, tokens, frozen
    names: tuple[str, ...] = ("L1", "L2", "L3")
    reading: str = ""  # words left of the first gauge
    own: bool = True  # each loss teaches its own layer
    below: bool = False  # … and the layer below
    share: bool = False  # each layer's reading counts in every other's loss
    loss: int = 0  # how many layers one loss at the end teaches
    gaps: tuple[str, ...] = ("bars", "bars")  # "bars", "" or the words of a black box
    split: int = 3  # how many layers both lanes reach
    probe: int = 0  # from which layer on a trained readout collects; 0: none
    kept: bool = False  # activities wait for the gradient
    answer: tuple[str, ...] = ()

    @property
    def places(self) -> tuple[float, ...]:
        return PLACES[len(self.gauges)]

    @property
    def colours(self) -> tuple[str, ...]:
        return COLOURS[len(self.gauges)]


def draw(picture: Picture, title: str) -> SafeString:
    """The picture as inline SVG; `title` is what a screen reader hears of it."""
    low = picture.probe or picture.below or picture.kept
    parts = [_inputs(picture), _lanes(picture), *_layers(picture), _end(picture)]
    parts += [_share(picture)] if picture.share else []
    parts += [_probe(picture)] if picture.probe else []
    parts += [_kept(picture)] if picture.kept else []
    top = 0 if any(picture.gauges) else FLOOR - 14
    return svg("".join(parts), 250 if low else 214, title, top)


def svg(body: str, bottom: float, title: str, top: float = 0) -> SafeString:
    """A drawing of this package, whose words are escaped, as an element of the page."""
    label, height = escape(title), bottom - top
    return mark_safe(
        f'<svg class="drawing" viewBox="0 {top:g} {WIDTH} {height:g}" width="{WIDTH}" height="{height:g}" role="img" '
        f'aria-label="{label}">{body}</svg>'
    )


# ── lanes ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def _inputs(picture: Picture) -> str:
    return "".join(inputs.draw(kind, y) for kind, y in zip(picture.inputs, LANES[len(picture.inputs)], strict=True))


def _lanes(picture: Picture) -> str:
    """What flows from the input through every layer; beyond `split` only one lane goes on."""
    start = inputs.RIGHT.get(picture.inputs[0], 78.0)
    x, out = start, []
    for i, place in enumerate(picture.places):
        lanes = LANES[len(picture.inputs)] if i < picture.split else LANES[1]
        out += [_lane(x, place, y, dashed) for y, dashed in zip(lanes, ("stroke", "stroke dashed"), strict=False)]
        if i:
            out.append(_gap(picture.gaps[i - 1], (x + place) / 2, lanes))
        x = place + BOX
    return "".join(out)


def _lane(start: float, end: float, y: float, css: str) -> str:
    return arrow((start + 3, y), (end - 3, y), css)


def _gap(kind: str, middle: float, lanes: tuple[float, ...]) -> str:
    """Two bars on each lane, or a box that nobody can look into."""
    if kind == "bars":
        bars = (line((middle + dx, y - 8), (middle + dx, y + 8), "stroke bar") for y in lanes for dx in (-3, 3))
        return "".join(bars)
    if not kind:
        return ""
    top, bottom = lanes[0] - 16, lanes[-1] + 16
    return rect(middle - 13, top, 26, bottom - top, "black", r=3) + text(middle, bottom + 16, kind, "small middle")


# ── layers ────────────────────────────────────────────────────────────────────────────────────────────────────────
def _layers(picture: Picture) -> list[str]:
    reading = text(picture.places[0] - 32, 30, picture.reading, "small end") if picture.reading else ""
    return [reading, *(_layer(picture, depth) for depth in range(len(picture.places)))]


def _layer(picture: Picture, depth: int) -> str:
    x = picture.places[depth]
    middle = x + BOX / 2
    box = _body(picture.body, x) + text(middle, BOTTOM + 17, picture.names[depth], "strong middle")
    teach = _taught(picture, depth) if picture.gauges[depth] else ""
    return group(picture.colours[depth], box, teach)


def _taught(picture: Picture, depth: int) -> str:
    """The gauge over a layer and the arrows from it to the boxes whose weights its loss moves."""
    x = picture.places[depth]
    gauge = GAUGES[picture.gauges[depth]](x + BOX / 2, depth)
    parts = [gauge.svg]
    if picture.own:
        (sx, sy), end = gauge.right, (x + BOX + 3, 92.0)
        parts.append(curve((sx, sy), (sx + 20, sy + 8), (sx + 14, 90), end))
    if picture.below and depth:
        (sx, sy), end = gauge.left, (picture.places[depth - 1] + BOX + 3, 116.0)
        parts.append(curve((sx, sy), (sx - 34, sy + 4), (end[0] + 30, 98), end) + _bracket(picture, depth))
    return "".join(parts)


def _bracket(picture: Picture, depth: int) -> str:
    left, right, y = picture.places[depth - 1], picture.places[depth] + BOX, BUS - 12 + 14 * (depth % 2)
    return path(f"M{left:g} {y - 6:g}v6H{right:g}v-6", "stroke")


def _body(kind: str, x: float) -> str:
    if kind == "conv":
        return _conv(x)
    box = rect(x, FLOOR, BOX, HEIGHT, "layer-box frozen" if kind == "frozen" else "layer-box", r=4)
    return box + (_BODIES[kind](x) if kind in _BODIES else "")


def _conv(x: float) -> str:
    """A stack of maps."""
    return "".join(rect(x + d, FLOOR + 10 - d, BOX - 10, HEIGHT - 10, "layer-box", r=3) for d in (10, 5, 0))


def _class_groups(x: float) -> str:
    cuts = "".join(line((x + 1, FLOOR + 11 * i), (x + BOX - 1, FLOOR + 11 * i), "cut") for i in range(1, 10))
    return rect(x + 2, FLOOR + 24, BOX - 4, 7, "filled") + cuts


def _local(x: float) -> str:
    """Each place has weights of its own: fans that are not alike."""
    return "".join(
        rect(x + 20, FLOOR + 10 + 26 * i, 8, 8, "filled" if i % 2 else "cell")
        + "".join(line((x + 4, FLOOR + 6 + 26 * i + 8 * j), (x + 19, FLOOR + 14 + 26 * i), "cut") for j in range(3))
        for i in range(4)
    )


def _tokens(x: float) -> str:
    """Tokens that look at each other."""
    boxes = "".join(rect(x + 5, FLOOR + 10 + 26 * i, 10, 10, "cell") for i in range(4))
    arcs = "".join(
        path(f"M{x + 16:g} {FLOOR + 15 + 26 * a:g}q{7 * (b - a):g} {13 * (b - a):g} 0 {26 * (b - a):g}", "cut")
        for a, b in ((0, 1), (1, 2), (2, 3), (0, 2), (1, 3))
    )
    return boxes + arcs


def _hatch(x: float) -> str:
    return "".join(line((x + 4, FLOOR + 24 + 20 * i), (x + BOX - 4, FLOOR + 6 + 20 * i), "cut") for i in range(5))


_BODIES: dict[str, Callable[[float], str]] = {
    "groups": _class_groups,
    "local": _local,
    "tokens": _tokens,
    "frozen": _hatch,
}


# ── the end ───────────────────────────────────────────────────────────────────────────────────────────────────────
def _end(picture: Picture) -> str:
    """How the answer is read at the right, or the one loss and its way back."""
    last = picture.places[-1] + BOX
    if picture.loss:
        return _loss(picture, last)
    if picture.probe or not picture.answer:
        return texts(ANSWER, 126, picture.answer)
    first = 135 - 8 * (len(picture.answer) - 1)
    return arrow((last + 3, 131), (ANSWER - 8, 131)) + texts(ANSWER, first, picture.answer)


def _loss(picture: Picture, last: float) -> str:
    box = rect(ANSWER, 113, 84, 36, "image", r=4) + text(ANSWER + 42, 135, "one loss", "strong middle")
    way = path(f"M{ANSWER + 42:g} 149V{BACK:g}H{last + 8:g}", "backward") + arrow(
        (last + 12, BACK), (last + 3, BACK), "backward"
    )
    taught = picture.places[len(picture.places) - picture.loss :]
    for left, right in pairwise(taught):
        way += arrow((right - 3, BACK), (left + BOX + 3, BACK), "backward")
    words = texts(ANSWER, 170 + 22, picture.answer, "small", 14)
    return arrow((last + 3, 131), (ANSWER - 3, 131)) + box + group("back", way) + words


def _share(picture: Picture) -> str:
    """A dotted line that joins all gauges."""
    first, last = picture.places[0] + BOX / 2, picture.places[-1] + BOX / 2
    stubs = "".join(f"M{x + BOX / 2 + 9:g} 5v30" for x in picture.places)
    return path(f"M{first + 9:g} 5H{last + 36:g}{stubs}", "stroke dotted") + text(
        last + 42, 9, "counted in each other’s loss", "small"
    )


def _probe(picture: Picture) -> str:
    """A readout that is trained on what the layers hand it, and teaches none of them."""
    read = picture.places[picture.probe - 1 :]
    stubs = "".join(f"M{x + BOX / 2:g} {BOTTOM + 23:g}V{BUS:g}" for x in read)
    bus = path(f"{stubs}M{read[0] + BOX / 2:g} {BUS:g}H{ANSWER - 14:g}")
    bars = "".join(line((ANSWER - 42 + dx, BUS - 8), (ANSWER - 42 + dx, BUS + 8), "stroke bar") for dx in (-3, 3))
    box = rect(ANSWER, BUS - 16, 122, 32, "image", r=4) + text(ANSWER + 61, BUS + 4, "trained softmax", "middle")
    return bus + bars + arrow((ANSWER - 20, BUS), (ANSWER - 3, BUS)) + box


def _kept(picture: Picture) -> str:
    stacks = (rect(x + 2 + d, BUS - 4 - d, 30, 12, "image", r=2) for x in picture.places for d in (8, 4, 0))
    return "".join(stacks) + text(picture.places[-1] + BOX + 18, BUS + 6, "activities, kept until then", "small")

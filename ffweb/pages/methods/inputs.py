"""What goes into the net, as it is drawn at the left: images with a true or wrong label, mixtures, windows of text."""

from __future__ import annotations

from collections.abc import Callable

from ffweb.pages.methods.ink import group, line, path, rect, text

SIZE = 44.0
LEFT = 30.0
RIGHT = {"next": 128.0, "plane": 87.0, "same": 97.0}  # where the lanes start, for wider ones
TWO = "M14 17c0-9 15-10 16 0c0 7-16 11-16 18h17"
SEVEN = "M14 11h16c-6 7-9 14-10 24"


def _at(x: float, y: float, *parts: str, scale: float = 1) -> str:
    moved = "".join(parts)
    return f'<g transform="translate({x:g} {y:g}) scale({scale:g})">{moved}</g>'


def _image(*parts: str) -> str:
    return rect(0, 0, SIZE, SIZE, "image", r=4) + "".join(parts)


def _plain() -> str:
    return _image(path(TWO, "ink"))


def _true() -> str:
    return _image(rect(3, 3, 8, 8, "label"), path(TWO, "ink"))


def _wrong() -> str:
    return _image(rect(3.5, 3.5, 8, 8, "label negative"), path(TWO, "ink"))


def _plane(css: str) -> str:
    """The label as a sheet of its own behind the image."""
    return rect(9, -5, SIZE, SIZE, css, r=4) + _image(path(TWO, "ink"))


def _mask() -> str:
    """Half of one image, half of another, parted by a wave."""
    wave = path("M21 1c7 7-5 12 2 21s-6 13 1 21", "stroke dotted")
    halves = (_at(-4, 5, path(TWO, "ink"), scale=0.75), _at(13, 5, path(SEVEN, "ink"), scale=0.75))
    return _image(*halves, wave)


def _pair(other: str) -> str:
    """Two images laid over each other."""
    return rect(19, -6, SIZE, SIZE, "image", r=4) + _at(19, -6, path(other, "ink faint")) + _image(path(TWO, "ink"))


def _window(last: str, css: str) -> str:
    """Ten characters; the last one is the candidate."""
    cell = rect(75, 9, 15, 26, css, r=2)
    return (
        rect(-8, 4, 102, 36, "image", r=4)
        + text(-2, 27, "and the fo", "mono")
        + cell
        + text(79, 27, last, "mono strong")
    )


def _patches() -> str:
    cuts = [line((at, 0), (at, SIZE), "cut") + line((0, at), (SIZE, at), "cut") for at in (11.0, 22.0, 33.0)]
    return _image(path(TWO, "ink"), *cuts)


DRAWN: dict[str, tuple[Callable[[], str], str]] = {
    "plain": (_plain, "no label"),
    "true": (_true, "true label"),
    "wrong": (_wrong, "wrong label"),
    "hard": (_wrong, "likely wrong label"),
    "plane": (lambda: _plane("label"), "true label plane"),
    "wrong plane": (lambda: _plane("image negative"), "wrong label plane"),
    "real": (_plain, "a real image"),
    "mask": (_mask, "two, mixed"),
    "same": (lambda: _pair(TWO), "image + itself"),
    "other": (lambda: _pair(SEVEN), "image + another"),
    "next": (lambda: _window("x", "label hollow"), "true character"),
    "guess": (lambda: _window("g", "label negative"), "drawn character"),
    "patches": (_patches, "16 patches"),
}


def draw(kind: str, middle: float) -> str:
    """One input, its middle at the height `middle`, its words under it."""
    drawn, words = DRAWN[kind]
    body = _at(LEFT, middle - SIZE / 2, drawn())
    return group("input", body, text(LEFT + SIZE / 2, middle + SIZE / 2 + 12, words, "small middle"))

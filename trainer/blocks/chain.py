"""Conv layers as one types them, `32p, 32, 64p`: a small language. Imports no torch."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

Pool = Literal["none", "max", "mean", "rms"]

_POOLS: dict[str, Pool] = {"p": "max", "a": "mean", "r": "rms"}
_LAYER = re.compile(r"(\d{1,5})((?:[kpargs]\d{0,2})*)")
_MARK = re.compile(r"([kpargs])(\d{0,2})")
SAY = "write a layer as its channels and marks, such as 32p, 64, 80gp: p, a or r pools, g groups, s2 strides, k5 widens"


@dataclass(frozen=True)
class Link:
    """One conv layer as it was typed."""

    channels: int
    pool: Pool = "none"
    window: int = 2
    """Places each way that one pooled place is made of; pooled places are two apart."""
    stride: int = 1
    grouped: bool = False
    """One group a class."""
    kernel: int | None = None
    """Its own kernel, where it has one."""


@lru_cache(maxsize=1024)
def links(text: str) -> tuple[Link, ...]:
    """The layers of `text`, from the image up. Raises ValueError with what would work."""
    found = tuple(_link(part.strip()) for part in text.split(","))
    if len(found) > 64:
        raise ValueError("a net has 64 layers at most")
    return found


def _link(text: str) -> Link:
    match = _LAYER.fullmatch(text.replace(" ", ""))
    if match is None or not int(match[1]):
        raise ValueError(f"{text!r} is no layer: {SAY}")
    link = Link(int(match[1]))
    for mark, number in _MARK.findall(match[2]):
        link = _marked(link, mark, int(number) if number else None)
    return link


def _marked(link: Link, mark: str, number: int | None) -> Link:
    """The layer with one mark more. Raises ValueError."""
    match mark:
        case "g" if number is None:
            return replace(link, grouped=True)
        case "s" if number is None or 1 <= number <= 4:
            return replace(link, stride=number or 2)
        case "k" if number is not None and number % 2 and number <= 15:
            return replace(link, kernel=number)
        case "p" | "a" | "r" if number is None or 2 <= number <= 8:
            return replace(link, pool=_POOLS[mark], window=number or 2)
    meant = {"g": "g takes no number", "s": "a stride goes from 1 to 4", "k": "a kernel is odd, from 1 to 15"}
    raise ValueError(meant.get(mark, "a pool's window goes from 2 to 8"))

"""What the page says of a method, as data."""

from __future__ import annotations

from dataclasses import dataclass

from ffweb.pages.methods.drawing import Picture


@dataclass(frozen=True)
class Claim:
    """A published figure, never without what has to be known to compare with it."""

    figure: str
    conditions: str


@dataclass(frozen=True)
class Entry:
    """One method. `slug` is its anchor, and what a preset names as its `method`."""

    slug: str
    title: str
    source: str
    text: str
    """Two or three sentences."""
    picture: Picture | None
    """None: the recurrent net, drawn over its ticks."""
    caption: str
    charts: str
    """What to expect in the charts of a run."""
    rule: str = ""
    published: tuple[Claim, ...] = ()
    silent: str = "None that we could check at its source."
    """What stands there when nothing is published."""
    plainly: str = ""
    """What is not flattering."""


@dataclass(frozen=True)
class Family:
    """Methods under one heading of the contents."""

    slug: str
    title: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class Try:
    """A preset with changes (`path=value;…`, as the form reads them) that shows an effect."""

    words: str
    preset: str
    changes: str = ""


@dataclass(frozen=True)
class Mishap:
    """Something that went wrong in public code."""

    slug: str
    title: str
    where: str
    text: str
    here: str
    """How it is done here."""
    tries: tuple[Try, ...] = ()

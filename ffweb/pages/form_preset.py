"""The presets to start from, by family: what each is, how long it takes, what was reached with it and by whom."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ffweb.pages.format import THIN, eta, fixed, number
from ffweb.pages.methods import FAMILIES
from ffweb.pages.methods.measured import Measured, measured
from ffweb.pages.methods.reached import Reached, reached
from ffweb.people.models import User
from trainer.data.catalogue import describe
from trainer.errors import ConfigError
from trainer.presets import PRESETS, Preset
from trainer.presets import measured as file

FIRST, REST = "First steps: seconds, without a download", "More"
FIRST_DATA = "digits"


@dataclass(frozen=True)
class Figure:
    """A figure that says whose it is, or a reservation; `conditions` is what has to be known to compare with it."""

    text: str
    conditions: str


@dataclass(frozen=True)
class Card:
    """One preset. `words` is what the filter looks in."""

    name: str
    title: str
    summary: str
    data: str
    minutes: str
    figures: list[Figure]
    current: bool
    words: str


@dataclass(frozen=True)
class Group:
    """Presets under one heading."""

    title: str
    cards: list[Card]


def picker(user: User, current: str | None) -> dict[str, Any]:
    """All presets by family, in their order, and the card of the chosen one."""
    here = reached(user, PRESETS.values())
    groups: dict[str, list[Card]] = {title: [] for title in (FIRST, *_families().values(), REST)}
    for preset in PRESETS.values():
        group = _group(preset)
        groups[group].append(_card(preset, group, preset.name == current, here.get(preset.name)))
    cards = [card for found in groups.values() for card in found]
    return {
        "groups": [Group(title, found) for title, found in groups.items() if found],
        "count": len(cards),
        "current": next((card for card in cards if card.current), None),
    }


def _families() -> dict[str, str]:
    """{entry of the page /methods: title of its family}."""
    return {entry.slug: family.title for family in FAMILIES for entry in family.entries}


def _group(preset: Preset) -> str:
    if preset.config.get("data", {}).get("name", FIRST_DATA) == FIRST_DATA:
        return FIRST
    return _families().get(preset.method, REST)


def _card(preset: Preset, group: str, current: bool, here: Reached | None) -> Card:
    data = data_title(preset.config.get("data", {}).get("name", FIRST_DATA))
    return Card(
        preset.name,
        preset.title,
        preset.summary,
        data,
        eta(60 * preset.minutes),
        [*_here(here), *_project(preset), *_published(preset), *_differs(preset)],
        current,
        " ".join([preset.name, preset.title, preset.summary, preset.source, data, group]).lower(),
    )


@lru_cache(maxsize=64)
def data_title(name: str) -> str:
    """How readers call a data set."""
    try:
        return describe(name).title
    except ConfigError:
        return name


def _published(preset: Preset) -> list[Figure]:
    """The source's figure, in its own unit, and its conditions: a bare percentage would be read as a promise."""
    found = preset.published
    if found is None:
        return []
    percent = found.unit.startswith("%")
    value = fixed(found.value, 2).rstrip("0").rstrip(".") if percent else number(found.value)
    split = "" if found.split == "test" else f" on the {found.split} set"
    return [
        Figure(f"published {value}{THIN if percent else ' '}{found.unit}{split}, their conditions", found.conditions)
    ]


def _differs(preset: Preset) -> list[Figure]:
    """That the source's public code is not the same everywhere, and in what."""
    return [Figure("not all as in the public code", preset.differs)] if preset.differs else []


def _project(preset: Preset) -> list[Figure]:
    """What `python -m trainer reproduce` measured."""
    stamp = file.MEASURED.stat().st_mtime_ns if file.MEASURED.exists() else 0
    found = _measured(preset.name, stamp)
    if found is None:
        return []
    said = f"this project measured {found.figure}, {found.budget.partition(',')[0]}"
    return [Figure(said, ". Beside ".join([found.budget, *found.controls]))]


@lru_cache(maxsize=256)
def _measured(name: str, stamp: int) -> Measured | None:
    """As the file of results was at `stamp`."""
    return measured(PRESETS[name])


def _here(found: Reached | None) -> list[Figure]:
    if found is None:
        return []
    runs = "1 run" if found.runs == 1 else f"median of {found.runs} runs"
    return [
        Figure(
            f"this installation reached {found.middle}, {runs}", "Last on the test set, of this preset as it stands."
        )
    ]

"""A config in a reader's words: the line under a run's title, and the groups of the config card."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ffweb.pages.form_schema import GROUPS, Branch, Choice, form_tree, walk
from ffweb.pages.form_values import value_at
from ffweb.pages.form_words import said, summary
from trainer.data.catalogue import DEFAULT_CUT, Cut, DataInfo, describe
from trainer.data.folders import read_folders
from trainer.errors import TrainerError
from trainer.presets import PRESETS

Config = Mapping[str, Any]
_SUBTITLE = ("data", "network", "goodness", "training")


@dataclass(frozen=True)
class Row:
    """One setting: its name, its value, and the preset's value where that is another."""

    path: str
    title: str
    value: str
    was: str | None = None


@dataclass(frozen=True)
class Group:
    title: str
    rows: list[Row]


@lru_cache(maxsize=256)
def data_info(name: str, cut: Cut = DEFAULT_CUT) -> DataInfo | None:
    """What is known of a data set; None for one that is gone."""
    try:
        return describe(name, read_folders(), cut)
    except TrainerError:
        return None


def info_of(config: Config) -> DataInfo | None:
    cut = Cut(value_at(config, "data.window") or DEFAULT_CUT.window, value_at(config, "data.prefix"))
    return data_info(str(value_at(config, "data.name", "")), cut)


def test_images(config: Config) -> int | None:
    """How many images the test accuracy was read from."""
    info = info_of(config)
    size = value_at(config, "data.test_size")
    return int(size) if size else info.test if info else None


def data_title(config: Config) -> str:
    info = info_of(config)
    return info.title if info else str(value_at(config, "data.name", "")).removeprefix("npz:").removeprefix("text:")


def subtitle(config: Config) -> str:
    """digits, 1,437 images · MLP 64 → 500 → 500, ReLU · mean of squares, threshold θ = 2.0 · joint, Adam 3e-3"""
    info = info_of(config)
    return " · ".join(text for text in (summary(group, config, info) for group in _SUBTITLE) if text)


def config_groups(config: Config, preset: str | None) -> list[Group]:
    """Every setting that matters for the chosen kinds, group by group; what differs from the preset says so."""
    base = _preset_config(preset)
    kinds = _chosen(config)
    rows: dict[str, list[Row]] = {group: [] for group in GROUPS}
    for node in walk(form_tree(), kinds):
        if isinstance(node, Branch):
            continue
        path = f"{node.path}.kind" if isinstance(node, Choice) else node.path
        value = value_at(config, path)
        before = value_at(base, path) if base is not None else value
        text = said(path, value)
        rows.setdefault(node.group, []).append(
            Row(path, node.title, text, said(path, before) or "none" if before != value else None)
        )
    return [Group(GROUPS.get(name, name.capitalize()), found) for name, found in rows.items() if found]


def _chosen(config: Config) -> dict[str, str]:
    """Path of each choice → the tag that this config has there."""
    found = {}
    for node in walk(form_tree()):
        if isinstance(node, Choice):
            found[node.path] = str(value_at(config, f"{node.path}.kind", ""))
    return found


def _preset_config(preset: str | None) -> Config | None:
    """The preset in full, as a run would store it; None where there is none (any more)."""
    found = PRESETS.get(preset or "")
    return None if found is None else _full(found.name)


@lru_cache(maxsize=64)
def _full(preset: str) -> Config:
    from trainer.config import compose, parse

    return parse(compose(preset)).model_dump(mode="json")

"""A config in a reader's words: the line under a run's title, and the groups of the config card."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from ffweb.pages.form_schema import GROUPS, Branch, Choice, form_tree, walk
from ffweb.pages.form_values import value_at
from ffweb.pages.form_words import said, summary
from trainer.data.catalogue import DEFAULT_CUT, Cut, DataInfo, describe
from trainer.data.fingerprint import Fingerprint, short
from trainer.data.words import worded
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


def info_of(config: Config, told: Fingerprint | None = None) -> DataInfo | None:
    """What is known of a run's data: as it told when it began, else as they are now; None where they are gone."""
    cut = Cut(value_at(config, "data.window") or DEFAULT_CUT.window, value_at(config, "data.prefix"))
    try:
        info = describe(str(value_at(config, "data.name", "")), cut=cut)
    except TrainerError:
        return None
    if told is None or info.kind == "text" or len(told["shape"]) != 3:
        return info
    height, width, channels = told["shape"]
    numbers = {key: told[key] for key in ("classes", "train", "test")}
    return replace(info, shape=(height, width, channels), **numbers)


def test_images(config: Config, told: Fingerprint | None) -> int | None:
    """How many images the test accuracy was read from."""
    info = info_of(config, told)
    size = value_at(config, "data.test_size")
    return int(size) if size else info.test if info else None


def data_title(config: Config) -> str:
    info = info_of(config)
    return info.title if info else str(value_at(config, "data.name", "")).removeprefix("npz:").removeprefix("text:")


def subtitle(config: Config, told: Fingerprint | None = None) -> str:
    """digits, 1,437 images · MLP 64 → 500 → 500, ReLU · mean of squares, threshold θ = 2.0 · joint, Adam 3e-3"""
    info = info_of(config, told)
    if info and told and ":" in info.name:
        info = replace(info, title=f"{info.title} ({short(told)})")
    return " · ".join(text for text in (summary(group, config, info) for group in _SUBTITLE) if text)


def config_groups(config: Config, preset: str | None, told: Fingerprint | None = None) -> list[Group]:
    """Every setting that matters for the chosen kinds, group by group; what differs from the preset says so."""
    info = info_of(config, told)
    base = _preset_config(preset)
    kinds = _chosen(config)
    rows: dict[str, list[Row]] = {group: [] for group in GROUPS}
    for node in walk(form_tree(), kinds):
        if isinstance(node, Branch):
            continue
        path = f"{node.path}.kind" if isinstance(node, Choice) else node.path
        value = value_at(config, path)
        before = value_at(base, path) if base is not None else value
        text = _with_digest(said(path, value), told) if path == "data.name" else said(path, value)
        title = worded(node.title, info.kind if info else "image")
        rows.setdefault(node.group, []).append(
            Row(path, title, text, said(path, before) or "none" if before != value else None)
        )
    return [Group(GROUPS.get(name, name.capitalize()), found) for name, found in rows.items() if found]


def _with_digest(name: str, told: Fingerprint | None) -> str:
    """npz:own · 1a2b3c4d: the digest tells it from other data of that name."""
    digest = short(told) if told else ""
    return f"{name} · {digest}" if digest else name


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

"""Which values of an axis go with the rest of a config, why the others do not, and what one click would make right.

Nothing here knows a method: every answer is what `trainer.config.parse` says to a tried change.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson

from ffweb.pages.form_schema import Choice, Leaf, Node, form_tree, walk
from ffweb.pages.form_values import diff, value_at
from trainer import config as trainer_config
from trainer.errors import ConfigError, Problem
from trainer.presets import PRESETS

Changes = dict[str, Any]
MAX_FIXES = 3


@dataclass(frozen=True)
class Misfit:
    """Why a kind cannot be chosen alone; `fix` are the changes with which it can (itself among them), if any do."""

    reason: str
    fix: Changes


def problems_of(config: Mapping[str, Any]) -> list[Problem]:
    """What the schema has against a config; nothing if it can be run."""
    return list(_problems(orjson.dumps(config, option=orjson.OPT_SORT_KEYS)))


@lru_cache(maxsize=4096)
def _problems(body: bytes) -> tuple[Problem, ...]:
    try:
        trainer_config.parse(orjson.loads(body))
    except ConfigError as refused:
        return tuple(refused.errors)
    return ()


def changed(config: Mapping[str, Any], changes: Changes) -> dict[str, Any]:
    """`config` with dotted `changes`; a new kind brings its own defaults."""
    return trainer_config.compose(config=config, changes=changes)


def _complaints(config: Mapping[str, Any], changes: Changes) -> list[Problem]:
    try:
        return problems_of(changed(config, changes))
    except ConfigError as refused:
        return refused.errors


def chosen_choices(config: Mapping[str, Any]) -> Iterator[tuple[Choice, str]]:
    """Every axis that shows with this config, and its chosen kind."""
    return _below(form_tree(), config)


def _below(nodes: Iterable[Node], config: Mapping[str, Any]) -> Iterator[tuple[Choice, str]]:
    for node in nodes:
        if isinstance(node, Leaf):
            continue
        if isinstance(node, Choice):
            tag = str(value_at(config, f"{node.path}.kind", ""))
            yield node, tag
            kind = node.kind(tag)
            yield from _below(kind.children if kind else (), config)
        else:
            yield from _below(node.children, config)


def misfits(config: Mapping[str, Any]) -> dict[str, dict[str, Misfit]]:
    """{choice path: {tag: why it cannot be chosen now}}. What is chosen is never among them."""
    known = {_key(problem) for problem in problems_of(config)}
    found: dict[str, dict[str, Misfit]] = {}
    for choice, tag in chosen_choices(config):
        for kind in choice.kinds:
            change = {f"{choice.path}.kind": kind.tag}
            new = [] if kind.tag == tag else [p for p in _complaints(config, change) if _key(p) not in known]
            if new:
                found.setdefault(choice.path, {})[kind.tag] = Misfit(new[0]["msg"], _together(config, change))
    return found


def _key(problem: Problem) -> tuple[str, str]:
    return problem["loc"], problem["type"]


def _together(config: Mapping[str, Any], change: Changes) -> Changes:
    """The fewest further kinds, as some preset has them, with which `change` can be run; empty if none do."""
    (path, tag), *_ = change.items()
    options = [_needed(config, change, donor) for donor in _donors() if value_at(donor, path) == tag]
    options += [_one_more(config, change)]
    return min((option for option in options if option), key=len, default={})


def _donors() -> list[dict[str, Any]]:
    return [dict(config) for config in _known_configs()]


@lru_cache(maxsize=1)
def _known_configs() -> tuple[dict[str, Any], ...]:
    """The presets, and the twins they are compared with: configs that are known to go together."""
    runs = [trainer_config.parse(trainer_config.compose(name)) for name in PRESETS]
    return tuple(run.model_dump(mode="json") for run in [*runs, *(run.twin() for run in runs)])


def _needed(config: Mapping[str, Any], change: Changes, donor: Mapping[str, Any]) -> Changes:
    """`change` with those of the donor's kinds that it cannot do without."""
    kinds = {f"{c.path}.kind": value_at(donor, f"{c.path}.kind") for c in walk(form_tree()) if isinstance(c, Choice)}
    rest = {path: tag for path, tag in kinds.items() if tag and tag != value_at(config, path) and path not in change}
    if _complaints(config, change | rest):
        return {}
    for path in list(rest):
        fewer = {p: t for p, t in rest.items() if p != path}
        if not _complaints(config, change | fewer):
            rest = fewer
    return change | rest


def _one_more(config: Mapping[str, Any], change: Changes) -> Changes:
    for choice, tag in chosen_choices(config):
        for kind in choice.kinds:
            both = change | {f"{choice.path}.kind": kind.tag}
            if kind.tag != tag and f"{choice.path}.kind" not in change and not _complaints(config, both):
                return both
    return {}


def repairs(config: Mapping[str, Any], problem: Problem) -> list[Changes]:
    """Changes of one kind that make `problem` go and bring no other, those that its sentence names first."""
    before = {_key(p) for p in problems_of(config)}
    found: list[tuple[bool, bool, Changes]] = []
    for choice, tag in chosen_choices(config):
        for kind in choice.kinds:
            change = {f"{choice.path}.kind": kind.tag}
            if kind.tag == tag or {_key(p) for p in _complaints(config, change)} - (before - {_key(problem)}):
                continue
            named = re.search(rf"\b{re.escape(kind.tag)}\b", problem["msg"]) is not None
            found.append((not named, choice.path != problem["loc"], change))
    if any(not unnamed for unnamed, _, _ in found):
        found = [entry for entry in found if not entry[0]]
    return [change for _, _, change in sorted(found, key=lambda entry: entry[:2])[:MAX_FIXES]]


def changes_between(base: Mapping[str, Any], config: Mapping[str, Any]) -> Changes:
    """The dotted changes from `base` to `config`."""
    return diff(form_tree(), base, config)

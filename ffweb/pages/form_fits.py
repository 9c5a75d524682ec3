"""Which values of an axis go with the rest of a config, why the others do not, and what one click would make right.

Nothing here knows a method: every answer is what `trainer.config.parse` says to a tried change.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import orjson

from ffweb.pages.form_schema import Choice, Leaf, Node, form_tree
from ffweb.pages.form_values import diff, value_at
from trainer import config as trainer_config
from trainer.errors import ConfigError, Problem
from trainer.presets import PRESETS

Changes = dict[str, Any]
MAX_FIXES = 3
COMBINATION = "combination"  # the type of problems that lie between fields, not in one


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


def with_kinds(config: Mapping[str, Any], kinds: Changes) -> dict[str, Any]:
    """`config` with other kinds at some dotted paths, outer ones first; what a new kind brings are its defaults."""
    result = dict(config)
    for path in sorted(kinds, key=lambda p: p.count(".")):
        *parents, axis, _ = path.split(".")
        place = result
        for name in parents:
            place[name] = place = dict(place.get(name, {}))
        if value_at(place, f"{axis}.kind") != kinds[path]:
            place[axis] = {"kind": kinds[path]}
    return result


@dataclass(frozen=True)
class _Tried:
    """A config to try kinds on; what it has against itself already is nobody's fault."""

    config: Mapping[str, Any]
    known: frozenset[tuple[str, str]]

    def news(self, kinds: Changes) -> list[Problem]:
        """What these kinds would bring up."""
        return [p for p in problems_of(with_kinds(self.config, kinds)) if _key(p) not in self.known]


def _tried(config: Mapping[str, Any]) -> _Tried:
    return _Tried(config, frozenset(_key(problem) for problem in problems_of(config)))


def _key(problem: Problem) -> tuple[str, str]:
    return problem["loc"], problem["type"]


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
    tried = _tried(config)
    found: dict[str, dict[str, Misfit]] = {}
    for choice, tag in chosen_choices(config):
        for kind in choice.kinds:
            change = {f"{choice.path}.kind": kind.tag}
            if kind.tag != tag and (news := tried.news(change)):
                found.setdefault(choice.path, {})[kind.tag] = Misfit(news[0]["msg"], _together(tried, change))
    return found


def _together(tried: _Tried, change: Changes) -> Changes:
    """The fewest further kinds, as some preset has them, with which `change` can be run; empty if none do."""
    (path, tag), *_ = change.items()
    here = _kinds(tried.config)
    donors = sorted((d for d in _known_kinds() if d.get(path) == tag), key=lambda d: len(d.items() - here.items()))
    options = [_needed(tried, change, {p: t for p, t in d.items() if here.get(p) != t}) for d in donors]
    return min((option for option in options if option), key=len, default={}) or _one_more(tried, change)


def _kinds(config: Mapping[str, Any]) -> dict[str, str]:
    """The chosen kinds of a config, by dotted path."""
    return {f"{choice.path}.kind": tag for choice, tag in chosen_choices(config)}


@lru_cache(maxsize=1)
def _known_kinds() -> tuple[dict[str, str], ...]:
    """The kinds of the presets and of the twins they are compared with: they are known to go together."""
    runs = [trainer_config.parse(trainer_config.compose(name)) for name in PRESETS]
    found = [_kinds(run.model_dump(mode="json")) for run in [*runs, *(run.twin() for run in runs)]]
    return tuple(kinds for n, kinds in enumerate(found) if kinds not in found[:n])


def _needed(tried: _Tried, change: Changes, more: Changes) -> Changes:
    """`change` with those of `more` that it cannot do without; empty if all of them do not help."""
    rest = {path: tag for path, tag in more.items() if path not in change}
    if tried.news(change | rest):
        return {}
    for path in list(rest):
        fewer = {p: t for p, t in rest.items() if p != path}
        if not tried.news(change | fewer):
            rest = fewer
    return change | rest


def _one_more(tried: _Tried, change: Changes) -> Changes:
    for choice, tag in chosen_choices(tried.config):
        for kind in choice.kinds:
            both = change | {f"{choice.path}.kind": kind.tag}
            if kind.tag != tag and f"{choice.path}.kind" not in change and not tried.news(both):
                return both
    return {}


def repairs(config: Mapping[str, Any], problem: Problem) -> list[Changes]:
    """Changes of one kind that make `problem` go and bring no other; only those its sentence names, if it names any.

    A wrong number is repaired by a number, not by another kind.
    """
    if problem["type"] != COMBINATION:
        return []
    tried = _tried(config)
    without = replace(tried, known=tried.known - {_key(problem)})
    found = [
        (re.search(rf"\b{re.escape(kind.tag)}\b", problem["msg"]) is None, choice.path != problem["loc"], change)
        for choice, tag in chosen_choices(config)
        for kind in choice.kinds
        if kind.tag != tag and not without.news(change := {f"{choice.path}.kind": kind.tag})
    ]
    named = [entry for entry in found if not entry[0]]
    return [change for _, _, change in sorted(named or found, key=lambda entry: entry[:2])[:MAX_FIXES]]


def changes_between(base: Mapping[str, Any], config: Mapping[str, Any]) -> Changes:
    """The dotted changes from `base` to `config`."""
    return diff(form_tree(), base, config)

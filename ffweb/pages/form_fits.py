"""Which values of an axis go with the rest of a config, why the others do not, and what one click would make right.

Nothing here knows a method, nor reads a sentence: every answer is what the trainer says to a tried change, and what a
problem carries to mend it is tried first. Fields are checked once, by the caller; a try puts another kind with its
defaults, or another value, into the checked config and asks what does not go together then, so that a hundred kinds
cost milliseconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache, reduce
from typing import Any, Literal, TypeVar, cast, get_args

from pydantic import BaseModel

from ffweb.pages.form_schema import Choice, Leaf, Node, form_tree
from ffweb.pages.form_values import diff, value_at
from trainer import compatibility
from trainer import config as trainer_config
from trainer import estimate as estimating
from trainer.clash import COMBINATION
from trainer.config import RunConfig
from trainer.controls import CONTROLS
from trainer.data.catalogue import DataInfo
from trainer.errors import Changes, ConfigError, Problem
from trainer.presets import PRESETS

M = TypeVar("M", bound=BaseModel)
MAX_FIXES = 3
MAX_STEPS = 4  # changes in a row, each to mend the problem that the one before it brings
MAX_FOUND = 4096
OTHER: dict[str, Literal["image", "text"]] = {"image": "text", "text": "image"}  # kinds of data


@dataclass(frozen=True)
class Misfit:
    """Why a kind cannot be chosen alone; `fix` are the changes with which it can (itself among them), if any do."""

    reason: str
    fix: Changes
    elsewhere: bool = False
    """Whether it is for the other kind of data, text or images: then nobody misses it here."""


def problems_of(config: Mapping[str, Any]) -> list[Problem]:
    """What the schema has against a config; nothing if it can be run."""
    try:
        trainer_config.parse(config)
    except ConfigError as refused:
        return list(refused.errors)
    return []


# ── trying changes ────────────────────────────────────────────────────────────────────────────────────────────────
def with_changes(config: RunConfig, changes: Changes) -> RunConfig:
    """`config` with sound values at some dotted paths, kinds first, outer ones before inner ones.

    What a new kind brings are its defaults. Raises LookupError for a path that is not there.
    """
    for path in sorted(changes, key=lambda p: (not p.endswith(".kind"), p.count("."))):
        config = _put(config, path.split("."), changes[path])
    return config


def _put(owner: M, names: list[str], value: Any) -> M:
    key, *rest = names
    name = next((own for own, spec in type(owner).model_fields.items() if key in (own, spec.alias)), None)
    if name is None:
        raise LookupError(key)
    here = getattr(owner, name)
    if rest == ["kind"]:
        value = here if here.kind == value else _fresh(type(owner), name, value)
    elif rest:
        value = _put(here, rest, value)
    return owner.model_copy(update={name: value})


@lru_cache(maxsize=1024)
def _fresh(owner: type[BaseModel], name: str, tag: str) -> BaseModel:
    """The value `tag` of the axis `name` with its defaults."""
    spec = owner.model_fields[name]
    if getattr(spec.default, "kind", None) == tag:
        return cast(BaseModel, spec.default)
    kinds = {kind.model_fields["kind"].default: kind for kind in get_args(spec.annotation) or (spec.annotation,)}
    return cast(BaseModel, kinds[tag]())


@dataclass(frozen=True)
class _Tried:
    """A config to try changes on; what it has against itself already is nobody's fault."""

    config: RunConfig
    info: DataInfo | None
    choices: list[tuple[Choice, str]]
    """The axes that show, with their chosen kinds."""
    known: frozenset[tuple[str, str]] = frozenset()
    seen: dict[frozenset[tuple[str, Any]], list[Problem]] = field(default_factory=dict)

    def news(self, changes: Changes) -> list[Problem]:
        """What these changes would bring up."""
        key = frozenset(changes.items())
        if key not in self.seen:
            self.seen[key] = self._ask(changes)
        return [p for p in self.seen[key] if _key(p) not in self.known]

    def _ask(self, changes: Changes) -> list[Problem]:
        try:
            return _together_problems(with_changes(self.config, changes), self.info)
        except LookupError as no:  # some of them belong to kinds that are not among them
            return [{"loc": str(no), "msg": "", "type": "misplaced"}]

    def kinds(self) -> dict[str, str]:
        """The chosen kinds by dotted path."""
        return {f"{choice.path}.kind": tag for choice, tag in self.choices}

    def others(self) -> Iterator[tuple[Choice, Changes]]:
        """Every kind that could be chosen in place of another one."""
        for choice, tag in self.choices:
            for kind in choice.kinds:
                if kind.tag != tag:
                    yield choice, {f"{choice.path}.kind": kind.tag}


def _together_problems(config: RunConfig, info: DataInfo | None) -> list[Problem]:
    """What of a config does not go together, on data of which `info` is known."""
    return compatibility.problems(config) or (estimating.problems(config, info) if info else [])


def _tried(config: RunConfig, info: DataInfo | None) -> _Tried:
    choices = list(chosen_choices(config.model_dump(mode="json")))
    known = frozenset(_key(problem) for problem in _together_problems(config, info))
    return _Tried(config, info, choices, known)


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


# ── what cannot be chosen alone ───────────────────────────────────────────────────────────────────────────────────
def misfits(config: RunConfig, info: DataInfo | None = None) -> dict[str, dict[str, Misfit]]:
    """{choice path: {tag: why it cannot be chosen now}}. What is chosen is never among them."""
    tried = _tried(config, info)
    found: dict[str, dict[str, Misfit]] = {}
    for choice, change in tried.others():
        if news := tried.news(change):
            away = _elsewhere(tried, change)
            fix = {} if away else _fix(tried, change, news)
            (tag,) = change.values()
            found.setdefault(choice.path, {})[tag] = Misfit(news[0]["msg"], fix, away)
    return found


def _elsewhere(tried: _Tried, change: Changes) -> bool:
    """Whether it is the kind of data that a change does not go with."""
    info, config = tried.info, with_changes(tried.config, change)
    if info is None:
        return False
    (path,) = change
    if getattr(reduce(getattr, path.split(".")[:-1], config), "takes", "any") not in ("any", info.kind):
        return True
    if compatibility.problems(config):
        return False
    here, there = info, replace(info, kind=OTHER[info.kind])
    asked = [{_key(p) for p in compatibility.data_problems(config, data)} - tried.known for data in (here, there)]
    return bool(asked[0] - asked[1])


_FOUND: dict[frozenset[tuple[str, str]], Changes] = {}
"""What was found to help, by all kinds: numbers seldom matter, so that one try tells whether it still does."""


def _fix(tried: _Tried, change: Changes, news: list[Problem]) -> Changes:
    """`_together`, remembered."""
    data = tried.info.kind if tried.info else ""
    key = frozenset([*tried.kinds().items(), *((f"→ {path}", tag) for path, tag in change.items()), ("data", data)])
    fix = _FOUND.get(key)
    if fix is None or (fix and tried.news(fix)):
        if len(_FOUND) >= MAX_FOUND:
            _FOUND.clear()
        fix = _FOUND[key] = _together(tried, change, news)
    return fix


def _together(tried: _Tried, change: Changes, news: list[Problem]) -> Changes:
    """Few further changes with which `change` can be run.

    Other kinds that its problems carry; else those of the nearest preset; else whatever its problems carry.
    """
    if found := _led(tried, change, news, kinds=True):
        return found
    (path, tag), *_ = change.items()
    here = tried.kinds()
    donors = sorted((d for d in _known_kinds() if d.get(path) == tag), key=lambda d: len(d.items() - here.items()))
    for donor in donors[:MAX_FIXES]:
        if found := _needed(tried, change, {p: t for p, t in donor.items() if here.get(p, t) != t}):
            return found
    return _led(tried, change, news, kinds=False)


def _led(tried: _Tried, change: Changes, news: list[Problem], *, kinds: bool) -> Changes:
    """`change` with what mends the problems that it brings, one after another; empty if that leads nowhere."""
    for _ in range(MAX_STEPS):
        steps = [fix for fix in news[0].get("fixes", []) if not fix.keys() & change.keys()]
        steps = [fix for fix in steps if not kinds or all(path.endswith(".kind") for path in fix)]
        tries = [(tried.news(change | step), change | step) for step in steps]
        helped = [entry for entry in tries if _key(news[0]) not in map(_key, entry[0])]
        if not helped:
            return {}
        news, change = min(helped, key=lambda entry: len(entry[0]))
        if not news:
            return change
    return {}


@lru_cache(maxsize=1)
def _known_kinds() -> tuple[dict[str, str], ...]:
    """The kinds of the presets and of their controls: they are known to go together."""
    found: list[dict[str, str]] = []
    for name in PRESETS:
        for config in _family(trainer_config.parse(trainer_config.compose(name))):
            chosen = chosen_choices(config.model_dump(mode="json"))
            found.append({f"{choice.path}.kind": tag for choice, tag in chosen})
    return tuple(kinds for n, kinds in enumerate(found) if kinds not in found[:n])


def _family(config: RunConfig) -> Iterator[RunConfig]:
    """A config and its controls, as far as it has them."""
    yield config
    for control in CONTROLS.values():
        try:
            yield control.derive(config)
        except ConfigError:
            continue


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


def repairs(config: RunConfig, info: DataInfo | None, problem: Problem) -> list[Changes]:
    """Changes that make `problem` go and bring no other: of those it carries, or else of one kind.

    A wrong number is repaired by a number, not by another kind.
    """
    tried = _tried(config, info)
    without = replace(tried, known=tried.known - {_key(problem)})
    if carried := [fix for fix in problem.get("fixes", []) if not without.news(fix)]:
        return carried[:MAX_FIXES]
    if problem["type"] != COMBINATION:
        return []
    found = [(choice.path != problem["loc"], fix) for choice, fix in tried.others() if not without.news(fix)]
    return [fix for _, fix in sorted(found, key=lambda entry: entry[0])[:MAX_FIXES]]


def changes_between(base: Mapping[str, Any], config: Mapping[str, Any]) -> Changes:
    """The dotted changes from `base` to `config`."""
    return diff(form_tree(), base, config)

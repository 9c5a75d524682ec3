"""The filter language of the runs table: `status:running owner:me data:mnist tag:x acc>0.9 objective.theta>=1.5 text`.

Terms are separated by spaces and all have to hold; `-` before a term turns it round; `a,b` means either; `*` stands
for any text; quotes keep spaces together. `name:test` is any name with test in it, `name=test` this name. What is no
`key op value` is searched for in names, notes, presets, tags, names of owners and of data sets.
"""

from __future__ import annotations

import difflib
import functools
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from ffweb import globs  # noqa: F401  the lookup `glob`
from ffweb.people.models import User
from ffweb.runs import status
from ffweb.runs.facts import TAG_KEYS
from ffweb.runs.models import Fact, Run
from trainer import config
from trainer.metrics import metric, over_of

MAX_LENGTH, MAX_TERMS = 500, 20
EQUAL = (":", "=")
MOST_KEYS, LONGEST_KEY = 500, 60  # comparing a word that nobody knows with those there are takes their product

ALIASES = {
    "acc": "result.test/accuracy.last",
    "accuracy": "result.test/accuracy.last",
    "loss": "result.train/loss.last",
    "ppl": "result.test/perplexity.last",
    "duration": "result.duration",
    "energy": "result.energy.joules",
    "data": "config.data.name",
    "method": "config.objective.kind",
}
WORDS = (
    "status",
    "owner",
    "tag",
    "preset",
    "name",
    "id",
    "group",
    "visibility",
    "queue",
    "starred",
    "archived",
    "created",
)

_TERM = re.compile(
    r"""\s*(?P<minus>-)?(?:
        (?P<key>[A-Za-z_][\w./-]*)\s?(?P<op>>=|<=|!=|:|=|>|<)\s?(?P<value>"[^"]*"|[^\s"]+)
      | "(?P<quoted>[^"]*)" | (?P<word>[^\s"]+))""",
    re.X,
)
_SPAN = re.compile(r"^(\d+(?:\.\d+)?)([smhdw])$")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


class FilterError(ValueError):
    """A filter or sort that cannot be read; the message says what would work."""

    def __init__(self, message: str, field: str = "filter") -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True)
class Term:
    """One condition. Free text has the key "" and the operator ":"."""

    key: str
    op: str
    value: str
    negated: bool = False


def parse(text: str) -> list[Term]:
    """The terms of a filter, in order. Raises FilterError."""
    if len(text) > MAX_LENGTH:
        raise FilterError(f"A filter may have {MAX_LENGTH} characters; this one has {len(text)}.")
    if not text.replace("\t", " ").isprintable():
        raise FilterError("A filter holds a character that cannot be printed: take it out.")
    terms: list[Term] = []
    at, text = 0, text.rstrip()
    if text.count('"') % 2:
        raise FilterError(f"The quotation mark at character {text.rindex(chr(34)) + 1} is open: close it.")
    while match := _TERM.match(text, at):
        terms.append(_term(match))
        at = match.end()
    if len(terms) > MAX_TERMS:
        raise FilterError(f"A filter may have {MAX_TERMS} terms; this one has {len(terms)}.")
    return terms


def _term(match: re.Match[str]) -> Term:
    negated = match["minus"] is not None
    if match["key"] is None:
        word = match["quoted"] if match["quoted"] is not None else match["word"]
        if word.endswith((":", "=", "<", ">")):
            raise FilterError(f"{word} has no value: write it as in status:running or acc>0.9.")
        return Term("", ":", word, negated)
    value = match["value"].strip('"')
    if match["op"] == "!=":
        return Term(match["key"], "=", value, not negated)
    return Term(match["key"], match["op"], value, negated)


def apply(runs: QuerySet[Run], text: str, user: User) -> QuerySet[Run]:
    """Those of `runs` that pass. Archived ones only if the filter speaks of them. Raises FilterError."""
    terms = parse(text)
    if not any(term.key == "archived" for term in terms):
        runs = runs.filter(archived=False)
    for term in terms:
        condition = _condition(term, user)
        runs = runs.exclude(condition) if term.negated else runs.filter(condition)
    return runs


def _condition(term: Term, user: User) -> Q:
    if not term.key:
        return _search(term.value)
    if term.key == "created":
        return _created(term)
    if term.key in _COLUMNS:
        if term.op not in EQUAL:
            raise FilterError(f"{term.key} has no order: write {term.key}:{term.value}.")
        read = _named if (term.key, term.op) == ("name", ":") else _COLUMNS[term.key]
        return functools.reduce(Q.__or__, (read(value, user) for value in _alternatives(term)))
    return _fact(fact_key(term.key), term)


def _alternatives(term: Term) -> list[str]:
    return [value for value in term.value.split(",") if value] or [term.value]


def _search(text: str) -> Q:
    tagged = Fact.objects.filter(key__in=(*TAG_KEYS, "config.data.name"), txt__icontains=text).values("run")
    return (
        Q(name__icontains=text)
        | Q(notes__icontains=text)
        | Q(preset__icontains=text)
        | Q(owner__username__icontains=text)
        | Q(pk=text.lower())
        | Q(pk__in=tagged)
    )


# ── columns of the run ────────────────────────────────────────────────────────────────────────────────────────────
def _like(column: str, value: str) -> Q:
    """Equal, letter case aside; `*` stands for any text."""
    return Q(**{f"{column}__{'glob' if '*' in value else 'iexact'}": value})


def _named(value: str, user: User) -> Q:
    """A name is seldom remembered whole."""
    return _like("name", value if "*" in value else f"*{value}*")


def _status(value: str, user: User) -> Q:
    if value in ("active", "ended"):
        return Q(status__in=status.ACTIVE if value == "active" else status.ENDED)
    if value not in status.STATUSES:
        raise FilterError(f"No status is called {value}. There are {', '.join(status.STATUSES)}, and active and ended.")
    return Q(status=value)


def _owner(value: str, user: User) -> Q:
    return Q(owner=user) if value == "me" else _like("owner__username", value)


def _yes(column: str) -> Callable[[str, User], Q]:
    def read(value: str, user: User) -> Q:
        if value not in ("yes", "no", "any"):
            raise FilterError(f"{column} is yes, no or any: write {column}:yes.")
        return ~Q(pk=None) if value == "any" else Q(**{column: value == "yes"})

    return read


def _text(column: str) -> Callable[[str, User], Q]:
    return lambda value, user: _like(column, value)


_COLUMNS: dict[str, Callable[[str, User], Q]] = {
    "status": _status,
    "owner": _owner,
    "tag": lambda value, user: Q(pk__in=Fact.objects.filter(_like("txt", value), key__in=TAG_KEYS).values("run")),
    "preset": _text("preset"),
    "name": _text("name"),
    "id": _text("pk"),
    "group": _text("group"),
    "visibility": _text("visibility"),
    "queue": _text("queue"),
    "starred": _yes("starred"),
    "archived": _yes("archived"),
}


def _created(term: Term) -> Q:
    """`created>2026-01-31` is after that day began; `created<7d` is less than seven days ago."""
    ops = {">": "gt", ">=": "gte", "<": "lt", "<=": "lte"}
    try:
        if span := _SPAN.match(term.value):
            moment = timezone.now() - timedelta(seconds=float(span[1]) * _SECONDS[span[2]])
            ops = {">": "lt", ">=": "lte", "<": "gt", "<=": "gte"}  # an age runs against the clock
        else:
            moment = datetime.fromisoformat(term.value)
            moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):  # no date, or one that no calendar has
        raise FilterError(f"{term.value} is no date: write created>2026-01-31 or, for an age, created<7d.") from None
    if term.op in EQUAL:
        raise FilterError("A moment is never met exactly: write created>2026-01-31 or, for an age, created<7d.")
    return Q(**{f"created__{ops[term.op]}": moment})


# ── facts ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def _fact(key: str, term: Term) -> Q:
    facts = Fact.objects.filter(key=key)
    if term.op in EQUAL:
        facts = facts.filter(functools.reduce(Q.__or__, (_equal(value) for value in _alternatives(term))))
    else:
        ops = {">": "gt", ">=": "gte", "<": "lt", "<=": "lte"}
        facts = facts.filter(**{f"num__{ops[term.op]}": _number(term)})
    return Q(pk__in=facts.values("run"))


def _equal(value: str) -> Q:
    try:
        return Q(num=float(value)) | Q(txt=value)
    except ValueError:
        return _like("txt", value)


def _number(term: Term) -> float:
    """A plain number, a share as `90%`, or a time as `10m`."""
    if span := _SPAN.match(term.value):
        return float(span[1]) * _SECONDS[span[2]]
    try:
        return float(term.value.removesuffix("%")) / (100 if term.value.endswith("%") else 1)
    except ValueError:
        raise FilterError(f"{term.key}{term.op} needs a number, not {term.value}.") from None


def fact_key(name: str, field: str = "filter") -> str:
    """The fact that a name in a filter or sort means. Raises FilterError with the nearest names that exist."""
    if name in ALIASES:
        return ALIASES[name]
    if metric(name) is not None:
        return f"result.{name}.{'last' if over_of(name) == 'last' else 'over'}"
    found = set(
        Fact.objects.filter(key__in=(name, f"config.{name}", f"result.{name}")).values_list("key", flat=True).distinct()
    )
    for key in (name, f"config.{name}", f"result.{name}"):
        if key in found:
            return key
    path = name.removeprefix("config.").split(".")
    if path[0] in config.RunConfig.model_fields and path[-1] in config_words():
        return f"config.{'.'.join(path)}"
    raise FilterError(_unknown(name), field=field)


def _unknown(name: str) -> str:
    keys = Fact.objects.exclude(key__in=TAG_KEYS).order_by().values_list("key", flat=True).distinct()[:MOST_KEYS]
    known = [*WORDS, *ALIASES, *(key.removeprefix("config.").removeprefix("result.") for key in keys)]
    near = difflib.get_close_matches(name[:LONGEST_KEY], known, 3) or ["status", "acc", "objective.theta"]
    return f"No run has {name}. Near it: {', '.join(near)}."


@functools.cache
def config_words() -> frozenset[str]:
    """Every field name of the config's schema: a filter by a field that no run has yet is empty, not wrong."""
    words: set[str] = set()
    todo: list[Any] = [config.schema()]
    while todo:
        node = todo.pop()
        if isinstance(node, dict):
            words.update(node.get("properties", {}))
            todo.extend(node.values())
        elif isinstance(node, list):
            todo.extend(node)
    return frozenset(words)

"""What any config from outside may hold at all, before its fields are looked at. Imports no torch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from trainer.errors import ConfigError

DEEPEST = 20
"""No setting lies deeper than seven."""
LARGEST = 2**63 - 1


def check(value: Mapping[str, Any]) -> None:
    """Raises ConfigError for what no database or file takes: nested without end, 64 bits and more, NUL in a text."""
    found = list(_faults(value, "", 0))
    if found:
        raise ConfigError([{"loc": at, "msg": msg, "type": "plain"} for at, msg in found[:10]])


def check_truths(given: Any, taken: Any) -> None:
    """Raises ConfigError where true or false was given and taken for a number: pydantic reads 1 and 0."""
    found = list(_truths(given, taken, ""))
    if found:
        raise ConfigError([{"loc": loc, "msg": f"must be a number, not {said}", "type": "bool"} for loc, said in found])


def _truths(given: Any, taken: Any, loc: str) -> Iterator[tuple[str, str]]:
    if isinstance(given, Mapping) and isinstance(taken, Mapping):
        for key, item in given.items():
            yield from _truths(item, taken.get(key), f"{loc}.{key}" if loc else str(key))
    elif isinstance(given, list | tuple) and isinstance(taken, list | tuple):
        for place, (item, kept) in enumerate(zip(given, taken, strict=False)):
            yield from _truths(item, kept, f"{loc}.{place}")
    elif isinstance(given, bool) and isinstance(taken, int | float) and not isinstance(taken, bool):
        yield loc, str(given).lower()


def _faults(value: Any, loc: str, depth: int) -> Iterator[tuple[str, str]]:
    if depth > DEEPEST:
        yield loc.split(".", maxsplit=1)[0], f"is nested more than {DEEPEST} deep, and no setting is"
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _text_faults(str(key), loc)
            yield from _faults(item, f"{loc}.{key}" if loc else str(key), depth + 1)
    elif isinstance(value, list | tuple):
        for place, item in enumerate(value):
            yield from _faults(item, f"{loc}.{place}", depth + 1)
    elif isinstance(value, str):
        yield from _text_faults(value, loc)
    elif isinstance(value, int) and abs(value) > LARGEST:
        yield loc, "is a whole number of more than 64 bits: a smaller one is meant"


def _text_faults(text: str, loc: str) -> Iterator[tuple[str, str]]:
    try:
        text.encode()
    except UnicodeEncodeError:
        yield loc, "holds half a character, which no file takes: leave it out"
        return
    if "\0" in text:
        yield loc, "holds a NUL character, which no database takes: leave it out"

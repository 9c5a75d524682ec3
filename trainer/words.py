"""Words of sentences: plurals, and what pydantic finds wrong in words that say what would work. Imports no torch."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, get_args

from pydantic import BaseModel

SHOWN = 60
"""Characters of a wrong value that are repeated."""


def plural(count: float, one: str, many: str = "") -> str:
    """1 epoch, 2 epochs, 1,437 images; `many` where it takes more than an s."""
    number = f"{count:,}" if isinstance(count, int) else f"{count:g}"
    return f"{number} {one if count == 1 else many or one + 's'}"


def wrong(entry: Mapping[str, Any], annotation: Any = None, takes: str = "", example: Any = None) -> str:
    """One of pydantic's errors as the end of a sentence that begins with the field.

    `annotation` is the field's type, `takes` says in words what a pattern wants, `example` is a value that works.
    """
    kind, context, given = str(entry["type"]), entry.get("ctx", {}), entry.get("input", ...)
    if kind in ("value_error", "assertion_error"):
        text, long = str(entry["msg"]).partition(", ")[2], isinstance(given, str) and len(given) > SHOWN
        return text.replace(given, f"{given[:SHOWN]}…") if long else text
    if kind == "missing":
        return "must be given"
    if kind.startswith(("tuple", "list", "set")) and kind.endswith("_type"):
        return f"must be {takes or f'a list of {_items(annotation)}{_such_as(example)}'}{_not(given)}"
    return (_bound(kind, context, given) or _plain(kind, context, takes) or _other(entry)) + _not(given, kind)


_PLAIN = {
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_parsing_size": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "string_type": "text",
    "string_unicode": "text",
    "dict_type": "a group of settings",
    "model_type": "a group of settings",
    "model_attributes_type": "a group of settings",
}
"""What a single value must be, by pydantic's type of error."""
_BOUNDS = {
    "greater_than_equal": ("must be at least", "ge"),
    "greater_than": ("must be more than", "gt"),
    "less_than_equal": ("must be at most", "le"),
    "less_than": ("must be less than", "lt"),
}
_SIZES = {
    "string_too_short": ("must have at least", "min_length", "character"),
    "string_too_long": ("may have at most", "max_length", "character"),
    "too_short": ("must have at least", "min_length", "item"),
    "too_long": ("may have at most", "max_length", "item"),
}


def _plain(kind: str, context: Mapping[str, Any], takes: str) -> str:
    if kind in _PLAIN:
        return f"must be {_PLAIN[kind]}"
    if kind in ("literal_error", "enum"):
        return f"must be {context.get('expected')}"
    if kind == "string_pattern_mismatch":
        return f"must be {takes}" if takes else "is not written as it has to be"
    return "must be a date and a time, such as 2030-01-31T12:00:00Z" if kind.startswith(("date", "time")) else ""


def _bound(kind: str, context: Mapping[str, Any], given: Any) -> str:
    """What a value's size must be."""
    if kind in _BOUNDS:
        words, key = _BOUNDS[kind]
        return f"{words} {_number(context[key])}" if key in context else ""
    words, key, what = _SIZES.get(kind, ("", "", ""))
    if key not in context:
        return ""
    if kind == "string_too_short" and context[key] == 1:
        return "must not be empty"
    long = f", not {len(given):,}" if kind == "string_too_long" and isinstance(given, str) else ""
    return f"{words} {plural(context[key], what)}{long}"


def _number(bound: Any) -> str:
    return f"{bound:g}" if isinstance(bound, float) else f"{bound:,}"


def _other(entry: Mapping[str, Any]) -> str:
    return str(entry["msg"]).replace("Input should be", "must be")


def _items(annotation: Any) -> str:
    """What a list holds, in words."""
    inside = [part for part in _parts(annotation) if part not in (type(None), Ellipsis)]
    if any(isinstance(part, type) and issubclass(part, BaseModel) for part in inside):
        return "groups of settings"
    return (
        "whole numbers" if int in inside else "numbers" if float in inside else "texts" if str in inside else "values"
    )


def _parts(annotation: Any) -> list[Any]:
    """The plain types that a type is made of."""
    inner = get_args(annotation)
    return [part for inside in inner for part in _parts(inside)] if inner else [annotation]


def _such_as(example: Any) -> str:
    return f", such as {json.dumps(example)}" if example else ""


def _not(given: Any, kind: str = "") -> str:
    """What was given, where that is short enough to be said."""
    if given == "" or kind.startswith(("string_too", "too_")) or not isinstance(given, str | int | float | None):
        return ""
    return f", not {shown(given)}"


def shown(given: Any) -> str:
    """A value as it was given, no longer than can be read."""
    if given is None or isinstance(given, bool):
        return {None: "empty", True: "true", False: "false"}[given]
    try:
        text = repr(given)
    except ValueError:  # a number with more digits than Python writes out
        return "so large a number"
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"

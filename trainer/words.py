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
    kind, context, given = str(entry["type"]), entry.get("ctx", {}), entry.get("input")
    if kind in ("value_error", "assertion_error"):
        text, long = str(entry["msg"]).partition(", ")[2], isinstance(given, str) and len(given) > SHOWN
        return text.replace(given, f"{given[:SHOWN]}…") if long else text
    if kind == "missing":
        return "must be given"
    if kind.startswith(("tuple", "list", "set")) and kind.endswith("_type"):
        return f"must be {takes or f'a list of {_items(annotation)}{_such_as(example)}'}{_not(given)}"
    return (_bound(kind, context, given) or _plain(kind, context, takes) or _other(entry)) + _not(given, kind)


def _plain(kind: str, context: Mapping[str, Any], takes: str) -> str:
    """What a single value must be, by pydantic's type of error."""
    match kind:
        case "literal_error" | "enum":
            return f"must be {context['expected']}"
        case "string_pattern_mismatch":
            return f"must be {takes}" if takes else "is not written as it has to be"
        case "int_type" | "int_parsing" | "int_parsing_size" | "int_from_float":
            return "must be a whole number"
        case "float_type" | "float_parsing":
            return "must be a number"
        case "finite_number":
            return "must be a finite number"
        case "bool_type" | "bool_parsing":
            return "must be true or false"
        case "string_type" | "string_unicode":
            return "must be text"
        case "dict_type" | "model_type" | "model_attributes_type":
            return "must be a group of settings"
        case _ if kind.startswith(("date", "time")):
            return "must be a date and a time, such as 2030-01-31T12:00:00Z"
    return ""


def _bound(kind: str, context: Mapping[str, Any], given: Any) -> str:
    """What a value's size must be."""
    match kind:
        case "greater_than_equal":
            return f"must be at least {_number(context['ge'])}"
        case "greater_than":
            return f"must be more than {_number(context['gt'])}"
        case "less_than_equal":
            return f"must be at most {_number(context['le'])}"
        case "less_than":
            return f"must be less than {_number(context['lt'])}"
        case "string_too_short" if context["min_length"] == 1:
            return "must not be empty"
        case "string_too_short":
            return f"must have at least {plural(context['min_length'], 'character')}"
        case "string_too_long":
            long = f", not {len(given):,}" if isinstance(given, str) else ""
            return f"may have at most {plural(context['max_length'], 'character')}{long}"
        case "too_short":
            return f"must have at least {plural(context['min_length'], 'item')}"
        case "too_long":
            return f"may have at most {plural(context['max_length'], 'item')}"
    return ""


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

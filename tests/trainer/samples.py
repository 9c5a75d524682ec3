"""Samples of every value of an axis, made from its schema: found by looking, so that a new value is tried by itself.

Every choice of every field is in one of them, and every number is tried beside its default. Where a field wants a size
that suits a small net, or a number at which a rule shows what it does, `SUITED` has it.
"""

from __future__ import annotations

import typing
from collections.abc import Iterator
from typing import Any

import annotated_types
from pydantic.fields import FieldInfo

from trainer.axes.base import Value

SUITED: dict[str, dict[str, Any]] = {
    "patch_projection": {"patch": 3},
    "unit_l2": {"eps": 0.1},
    "rms": {"eps": 0.1},
    "swish_symba": {"alpha": 1.0},
    "symba": {"alpha": 1.0},
    "threshold": {"theta": 0.4, "slope": 1.5},
    "margin": {"margin": 0.3},
    "prototype": {"temperature": 0.5},
    "projection": {"start": "normal"},
    "contrast": {"width": 5},
}
"""By kind, what a sample has instead of the defaults."""


def kinds(union: Any) -> list[type[Value]]:
    """The classes in an `Any…` union, in its order."""
    return list(typing.get_args(typing.get_args(union)[0]))


def kind_of(value: Value | type[Value]) -> str:
    """The word by which configs call it."""
    fields = type(value).model_fields if isinstance(value, Value) else value.model_fields
    return str(fields["kind"].default)


def samples(union: Any) -> list[Value]:
    """Of every class in the union: as it suits, and with each field in turn at each other choice."""
    return [value for kind in kinds(union) for value in _of(kind)]


def _of(kind: type[Value]) -> Iterator[Value]:
    base = kind(**SUITED.get(kind_of(kind), {}))
    yield base
    for name, field in kind.model_fields.items():
        for choice in _choices(field, getattr(base, name)):
            yield kind.model_validate(base.model_dump() | {field.alias or name: choice})


def _choices(field: FieldInfo, now: Any) -> list[Any]:
    """Other values than `now` that a field can have: all words and truths, one number."""
    annotation = field.annotation
    options = typing.get_args(annotation)
    if typing.get_origin(annotation) is typing.Literal:
        return [option for option in options if option != now]
    if annotation is bool:
        return [not now]
    number = next((t for t in (annotation, *options) if t in (int, float)), None)
    if number is None:
        return []  # a field of values of its own, which have samples of their own
    low, high = _bounds(field)
    return [_number(now, low, high, whole=number is int)]


def _bounds(field: FieldInfo) -> tuple[float, float]:
    low, high = -1e9, 1e9
    for rule in field.metadata:
        match rule:
            case annotated_types.Ge(ge=bound) | annotated_types.Gt(gt=bound):
                low = float(bound)  # type: ignore[arg-type]
            case annotated_types.Le(le=bound) | annotated_types.Lt(lt=bound):
                high = float(bound)  # type: ignore[arg-type]
    return low, high


def _number(now: float | None, low: float, high: float, *, whole: bool) -> float:
    """A number beside `now`, within the bounds and not at one where there is room."""
    if whole:
        return min(int(high), max(int(low), 2 if now in (None, 1) else int(now or 0) + 1))
    if now:
        return now / 2 if low <= now / 2 else min(high, now * 2)
    return min(0.3, (high + max(low, 0)) / 2)

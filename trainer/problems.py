"""pydantic's errors as problems a person can act on. Imports no torch."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel, ValidationError

from trainer.errors import Problem


def of(error: ValidationError, model: type[BaseModel]) -> list[Problem]:
    """One problem a field: dotted path without kind tags, a sentence, pydantic's type."""
    return _one_a_field([_problem(entry, model) for entry in error.errors(include_url=False)])


def _one_a_field(problems: list[Problem]) -> list[Problem]:
    """Join what the branches of a union say of one field; drop what only follows from a problem further in."""
    found: dict[str, Problem] = {}
    for problem in problems:
        loc, msg = problem["loc"], problem["msg"]
        if loc in found:
            msg = f"{found[loc]['msg']}; or it {msg}"
        found[loc] = {**problem, "msg": msg}
    return [p for loc, p in found.items() if not any(other.startswith(f"{loc}.") for other in found)]


def _problem(entry: Mapping[str, Any], model: type[BaseModel]) -> Problem:
    path, owner = _walk(entry["loc"], model)
    if entry["type"] in ("union_tag_invalid", "union_tag_not_found"):
        path.append("kind")
    return {"loc": ".".join(path), "msg": _sentence(entry, owner), "type": entry["type"]}


def _walk(loc: Iterable[Any], model: type[BaseModel]) -> tuple[list[str], type[BaseModel] | None]:
    """The path without tags of discriminated unions, and the model that holds its last key."""
    path: list[str] = []
    owner: type[BaseModel] | None = model
    here: Any = model
    for key in loc:
        kinds = _kinds(here)
        if key in kinds:
            here = kinds[key]
            continue
        owner = here if isinstance(here, type) and issubclass(here, BaseModel) else None
        if owner or isinstance(key, int):  # other keys name branches of a plain union
            path.append(str(key))
        here = _annotation(owner, key) if owner else _item(here)
    return path, owner


def _item(annotation: Any) -> Any:
    """What a sequence's items are."""
    return next((part for part in get_args(annotation) if part is not Ellipsis), None)


def _annotation(model: type[BaseModel], key: Any) -> Any:
    for name, field in model.model_fields.items():
        if key in (name, field.alias):
            return Annotated[field.annotation, field] if field.discriminator else field.annotation
    return None


def _kinds(annotation: Any) -> dict[str, type[BaseModel]]:
    """The tagged classes of a discriminated union, by tag."""
    if get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    members = [m for m in get_args(annotation) if isinstance(m, type) and issubclass(m, BaseModel)]
    return {m.model_fields["kind"].default: m for m in members if "kind" in m.model_fields}


def _sentence(entry: Mapping[str, Any], owner: type[BaseModel] | None) -> str:
    context = entry.get("ctx", {})
    match entry["type"]:
        case "extra_forbidden":
            return _unknown_key(str(entry["loc"][-1]), owner)
        case "union_tag_invalid":
            return f"there is no kind '{context['tag']}' here; these would work: {context['expected_tags']}"
        case "literal_error":
            msg = f"must be {context['expected']}"
        case "string_pattern_mismatch":
            msg = f"must match {context['pattern']}"
        case "model_attributes_type" | "model_type":
            msg = "must be a group of settings"
        case _:
            msg = str(entry["msg"]).replace("Input should be", "must be")
    return msg + _given(entry)


def _given(entry: Mapping[str, Any]) -> str:
    given = entry.get("input")
    return f", not {given!r}" if isinstance(given, (str, int, float, bool)) else ""


def _unknown_key(key: str, owner: type[BaseModel] | None) -> str:
    known = [field.alias or name for name, field in owner.model_fields.items()] if owner else []
    close = difflib.get_close_matches(key, known, 1)
    hint = f"did you mean {close[0]}?" if close else f"there are: {', '.join(known)}"
    return f"there is no setting '{key}' here; {hint}"

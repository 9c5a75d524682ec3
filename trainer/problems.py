"""pydantic's errors as problems a person can act on. Imports no torch."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from trainer import words
from trainer.errors import Problem

MOST = 100
"""More errors than these help nobody, and near words are looked for to each of them."""


def of(error: ValidationError, model: type[BaseModel]) -> list[Problem]:
    """One problem a field, MOST at most: dotted path without kind tags, a sentence, pydantic's type."""
    entries = islice(error.errors(include_url=False), MOST)
    return _one_a_field([_problem(entry, model) for entry in entries])


def _one_a_field(problems: list[Problem]) -> list[Problem]:
    """Join what the branches of a union say of one field; drop what only follows from a problem further in."""
    found: dict[str, Problem] = {}
    for problem in problems:
        loc, msg = problem["loc"], problem["msg"]
        if loc in found:
            msg = f"{found[loc]['msg']}; or it {msg}"
        found[loc] = {**problem, "msg": msg}
    outside = {loc[:dot] for loc in found for dot in range(len(loc)) if loc[dot] == "."}
    return [problem for loc, problem in found.items() if loc not in outside]


def _problem(entry: Mapping[str, Any], model: type[BaseModel]) -> Problem:
    path, owner, here = _walk(entry["loc"], model)
    if entry["type"] in ("union_tag_invalid", "union_tag_not_found"):
        path.append("kind")
    return {"loc": ".".join(path), "msg": _sentence(entry, path, owner, here), "type": entry["type"]}


def _walk(loc: Iterable[Any], model: type[BaseModel]) -> tuple[list[str], type[BaseModel] | None, Any]:
    """The path without tags of discriminated unions, the model that holds its last key, and what stands there."""
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
    return path, owner, here


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
    members = [m for m in _members(annotation) if isinstance(m, type) and issubclass(m, BaseModel)]
    return {m.model_fields["kind"].default: m for m in members if "kind" in m.model_fields}


def _members(annotation: Any) -> Iterator[Any]:
    """The types that a union is made of, whatever is written around it; of any other type nothing."""
    if get_origin(annotation) is Annotated:
        yield from _members(get_args(annotation)[0])
    elif get_origin(annotation) in (Union, UnionType):
        for member in get_args(annotation):
            yield from (_members(member) if get_origin(member) else [member])


def _sentence(entry: Mapping[str, Any], path: list[str], owner: type[BaseModel] | None, here: Any) -> str:
    """What is wrong and what would work; `here` is the type of what stands at `path`, a field of `owner`."""
    match entry["type"]:
        case "extra_forbidden":
            return _unknown_key(str(entry["loc"][-1]), owner)
        case "union_tag_invalid":
            tag, tags = entry["ctx"]["tag"][: words.SHOWN], _quoted(_kinds(here))
            return f"there is no kind '{tag}' here; these would work: {tags}"
        case "union_tag_not_found":
            return f"must be given; these would work: {_quoted(_kinds(here))}"
        case "model_type" | "model_attributes_type":
            inside = ["kind"] if _kinds(here) else list(getattr(here, "model_fields", {}))
            return f"is a group of settings: set one of them, such as {'.'.join([*path, *inside[:1]])}"
    field = _field(owner, path[-1]) if path else None
    return words.wrong(entry, here, *_hints(field))


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)


def _field(owner: type[BaseModel] | None, key: str) -> FieldInfo | None:
    fields = owner.model_fields.items() if owner else ()
    return next((field for name, field in fields if key in (name, field.alias)), None)


def _hints(field: FieldInfo | None) -> tuple[str, Any]:
    """What the field takes in words, where it has a pattern; and its default as an example."""
    if field is None:
        return "", None
    extra, default = field.json_schema_extra, field.default
    takes = str(extra.get("takes", "")) if isinstance(extra, dict) else ""
    return takes, list(default) if isinstance(default, tuple) else None


def _unknown_key(key: str, owner: type[BaseModel] | None) -> str:
    known = [field.alias or name for name, field in owner.model_fields.items()] if owner else []
    close = difflib.get_close_matches(key, known, 1)
    hint = f"did you mean {close[0]}?" if close else f"there are: {', '.join(known)}"
    return f"there is no setting '{key}' here; {hint}"

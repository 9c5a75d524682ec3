"""Texts of the form and values of a config: one function each way. Nothing here knows a request or a template."""

from __future__ import annotations

import itertools
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import orjson

from ffweb.pages.form_schema import Branch, Choice, Leaf, Node, Schema, Widget
from trainer.errors import Problem
from trainer.plain import DEEPEST

Config = dict[str, Any]
_SPACES = re.compile(r"(?<=\d)[\s\u2009\u202f_](?=\d{3}(?!\d))")  # 60 000, 60_000
_GROUPS = re.compile(r"[+-]?\d{1,3}(,\d{3})+")


class Unreadable(ValueError):
    """A text that is no value of its field; `better` is the text that was probably meant."""

    def __init__(self, sentence: str, better: str = "") -> None:
        super().__init__(sentence)
        self.better = better


@dataclass(frozen=True)
class Read:
    """A posted form as a config. `problems` are the texts that were no values; their fields keep the base's value."""

    config: Config
    problems: list[Problem] = field(default_factory=list)
    better: dict[str, str] = field(default_factory=dict)  # path -> text to offer instead


# ── one value ─────────────────────────────────────────────────────────────────────────────────────────────────────
def to_text(value: object) -> str:
    """A config's value as it stands in an input: 60,000; 1e-3; 500, 500; empty for null."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"{value:,}" if isinstance(value, int) else _float_text(value)
    if isinstance(value, list | tuple) and all(isinstance(v, int | float | str) for v in value):
        return ", ".join(str(v) if isinstance(v, int) else to_text(v) for v in value)
    return json.dumps(value, ensure_ascii=False)


def _float_text(value: float) -> str:
    """The shortest text that reads back the same, small ones as 1e-3."""
    if value and abs(value) < 0.01:
        digits, exponent = f"{Decimal(repr(value)).normalize():e}".split("e")
        return f"{digits}e{int(exponent)}"
    return repr(value)


def from_text(leaf: Leaf, text: str) -> Any:
    """The value that `text` means in `leaf`. Raises Unreadable with what would work."""
    text = text.strip().replace("−", "-")
    if not text and leaf.nullable:
        return None
    if leaf.widget == "options":
        return _option(leaf, text)
    if leaf.widget == "mixed":
        return _mixed(leaf, text)
    return _scalar_or_list(leaf.widget, leaf.items, text)


def _option(leaf: Leaf, text: str) -> Any:
    for option in leaf.options:
        if option.text == text:
            return option.value
    raise Unreadable(f"“{text}” is not known here. Choose {_either([option.text for option in leaf.options])}.")


def _mixed(leaf: Leaf, text: str) -> Any:
    for spec in leaf.branches:
        fixed = spec.get("enum", [spec["const"]] if "const" in spec else [])
        if text in fixed:
            return text
    refused: list[str] = []
    for spec in leaf.branches:
        try:
            return _branch(spec, text)
        except Unreadable as no:
            refused.append(str(no))
    raise Unreadable(f"“{text}” is neither. Write {_either(_meanings(leaf.branches))}.")


def _branch(spec: Schema, text: str) -> Any:
    match spec.get("type"):
        case "integer":
            return _integer(text)
        case "number":
            return _number(text)
        case "array":
            return _list("integer" if spec.get("items", {}).get("type") == "integer" else "number", text)
        case "string" if "enum" not in spec and "const" not in spec:
            return text
        case _:
            raise Unreadable("")


def _meanings(branches: tuple[Schema, ...]) -> list[str]:
    names = {"integer": "a whole number", "number": "a number", "array": "numbers such as 1, 2", "string": "a word"}
    said: list[str] = []
    for spec in branches:
        fixed = spec.get("enum", [spec["const"]] if "const" in spec else [])
        said += [f"“{value}”" for value in fixed] or [names.get(str(spec.get("type")), "a value")]
    return said


def _either(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def _scalar_or_list(widget: Widget, items: Widget, text: str) -> Any:
    match widget:
        case "integer":
            return _integer(text)
        case "number":
            return _number(text)
        case "switch":
            return _switch(text)
        case "list":
            return _list(items, text)
        case "json":
            return _json(text)
        case _:
            return text


def _switch(text: str) -> bool:
    if text not in ("true", "false", "on", ""):
        raise Unreadable(f"“{text}” is neither true nor false.")
    return text in ("true", "on")


def _integer(text: str) -> int:
    if not text:
        raise Unreadable("Write a whole number.")
    plain = text.replace(",", "") if _GROUPS.fullmatch(text) else text
    value = _number(plain)
    if value != int(value):
        raise Unreadable(f"{text} is no whole number. Write {round(value)}, for instance.", to_text(round(value)))
    return int(Decimal(_SPACES.sub("", plain)))


def _number(text: str) -> float:
    if not text:
        raise Unreadable("Write a number, such as 0.5 or 1e-3.")
    plain = _SPACES.sub("", text)
    if re.fullmatch(r"[+-]?\d+,\d+(e[+-]?\d+)?", plain):
        better = plain.replace(",", ".")
        raise Unreadable(f"“{text}” has a comma. Write {better} with a point.", better)
    try:
        value = float(plain.replace("_", "x"))  # float() takes 1_0, which nobody means
    except ValueError:
        raise Unreadable(f"“{text}” is no number. Write one such as 0.5 or 1e-3.") from None
    if not math.isfinite(value):
        raise Unreadable("Write a finite number.")
    return value


def _list(items: Widget, text: str) -> list[Any]:
    parts = [part for part in re.split(r"[\s,;→×]+", text.strip(" []()")) if part]
    return [_scalar_or_list(items, "text", part) for part in parts]


def _json(text: str) -> Any:
    if _depth(text) > DEEPEST:
        raise Unreadable("This is nested too deep to be a setting.")
    try:
        return orjson.loads(text or "[]")  # no NaN and no half characters, which Python's takes
    except orjson.JSONDecodeError as no:
        raise Unreadable(f"This is no JSON: {no.msg} at character {no.pos + 1}.") from None
    except ValueError:  # more digits than Python reads
        raise Unreadable("A number in it is too large.") from None


def _depth(text: str) -> int:
    """How deep brackets are open at most; those inside of texts are counted too, and no setting has so many."""
    return max(itertools.accumulate((c in "[{") - (c in "]}") for c in text), default=0)


# ── the whole form ────────────────────────────────────────────────────────────────────────────────────────────────
def to_form(nodes: tuple[Node, ...], config: Mapping[str, Any]) -> dict[str, str]:
    """`config` as the form posts it: {dotted name: text}."""
    form: dict[str, str] = {}
    for node in nodes:
        value = value_at(config, node.path)
        match node:
            case Leaf():
                form[node.path] = to_text(value)
            case Branch():
                form |= to_form(node.children, config)
            case Choice():
                tag = (value or {}).get("kind", "")
                kind = node.kind(tag)
                form[f"{node.path}.kind"] = tag
                form |= to_form(kind.children, config) if kind else {}
    return form


def from_form(nodes: tuple[Node, ...], form: Mapping[str, str], base: Mapping[str, Any]) -> Read:
    """The config that `form` means. What it leaves out is as in `base`, or the default of a newly chosen kind."""
    read = Read({name: base[name] for name in base if name not in {n.path for n in nodes}})
    _read_into(read, nodes, form, base)
    return read


def _read_into(read: Read, nodes: tuple[Node, ...], form: Mapping[str, str], base: Mapping[str, Any] | None) -> None:
    for node in nodes:
        match node:
            case Leaf():
                _put(read.config, node.path, _read_leaf(read, node, form, base))
            case Branch():
                _put(read.config, node.path, {})
                _read_into(read, node.children, form, base)
            case Choice():
                _read_choice(read, node, form, base)


def _read_leaf(read: Read, leaf: Leaf, form: Mapping[str, str], base: Mapping[str, Any] | None) -> Any:
    before = leaf.default if base is None else value_at(base, leaf.path, leaf.default)
    if leaf.path not in form:
        return before
    try:
        return from_text(leaf, form[leaf.path])
    except Unreadable as no:
        read.problems.append({"loc": leaf.path, "msg": str(no), "type": "unreadable"})
        if no.better:
            read.better[leaf.path] = no.better
        return before


def _read_choice(read: Read, choice: Choice, form: Mapping[str, str], base: Mapping[str, Any] | None) -> None:
    before = choice.default if base is None else (value_at(base, choice.path) or choice.default)
    tag = form.get(f"{choice.path}.kind", before.get("kind", choice.kinds[0].tag))
    kind = choice.kind(tag)
    if kind is None:
        tags = _either([k.tag for k in choice.kinds])
        read.problems.append({"loc": choice.path, "msg": f"“{tag}” is not known here. Choose {tags}.", "type": "kind"})
        kind = choice.kind(before.get("kind", "")) or choice.kinds[0]
    _put(read.config, choice.path, {"kind": kind.tag})
    # Below a kind that the base does not have, what is left out is the schema's default.
    _read_into(read, kind.children, form, base if before.get("kind") == kind.tag else None)


def diff(nodes: tuple[Node, ...], base: Mapping[str, Any], config: Mapping[str, Any]) -> dict[str, Any]:
    """The dotted changes that lead from `base` to `config`, as compose() applies them."""
    changes: dict[str, Any] = {}
    for node in nodes:
        new = value_at(config, node.path)
        match node:
            case Leaf():
                if new != value_at(base, node.path, node.default):
                    changes[node.path] = new
            case Branch():
                changes |= diff(node.children, base, config)
            case Choice():
                changes |= _diff_choice(node, base, config)
    return changes


def _diff_choice(choice: Choice, base: Mapping[str, Any], config: Mapping[str, Any]) -> dict[str, Any]:
    tag = value_at(config, f"{choice.path}.kind")
    kind = choice.kind(tag)
    children = kind.children if kind else ()
    if value_at(base, f"{choice.path}.kind") == tag:
        return diff(children, base, config)
    return {f"{choice.path}.kind": tag} | diff(children, defaults(children), config)


def defaults(nodes: tuple[Node, ...]) -> Config:
    """What the schema gives to fields that nobody sets."""
    config: Config = {}
    for node in nodes:
        match node:
            case Leaf():
                _put(config, node.path, node.default)
            case Branch():
                _put(config, node.path, {})
                _merge(config, defaults(node.children))
            case Choice():
                kind = node.kind(node.default.get("kind", "")) or node.kinds[0]
                _merge(config, defaults(kind.children))
                _put(config, f"{node.path}.kind", kind.tag)
                for name, value in node.default.items():
                    _put(config, f"{node.path}.{name}", value)
    return config


def value_at(config: Mapping[str, Any], path: str, missing: Any = None) -> Any:
    """The value at a dotted path, or `missing`."""
    value: Any = config
    for part in path.split("."):
        if not isinstance(value, Mapping) or part not in value:
            return missing
        value = value[part]
    return value


def with_value(config: Mapping[str, Any], path: str, value: Any) -> Config:
    """A copy of `config` with the value at a dotted path replaced."""
    head, _, rest = path.partition(".")
    return {**config, head: with_value(config[head], rest, value) if rest else value}


def without_value(config: Mapping[str, Any], path: str) -> Config:
    """A copy of `config` without what stands at a dotted path."""
    head, _, rest = path.partition(".")
    if rest:
        return {**config, head: without_value(config[head], rest)}
    return {name: value for name, value in config.items() if name != head}


def _put(config: Config, path: str, value: Any) -> None:
    *parents, last = path.split(".")
    for part in parents:
        config = config.setdefault(part, {})
    config[last] = value


def _merge(config: Config, more: Mapping[str, Any]) -> None:
    for name, value in more.items():
        if isinstance(value, Mapping) and isinstance(config.get(name), dict):
            _merge(config[name], value)
        else:
            config[name] = value

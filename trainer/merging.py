"""Joining nested configs. A new `kind` drops the old value's fields: they belong to the old kind. Imports no torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trainer.errors import ConfigError
from trainer.plain import DEEPEST


def merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """`over` laid on `base`, mapping by mapping; lists and plain values are replaced. Neither is changed."""
    result = dict(base)
    for key, value in over.items():
        below = result.get(key)
        if not isinstance(value, Mapping):
            result[key] = value
        elif isinstance(below, Mapping) and value.get("kind", below.get("kind")) == below.get("kind"):
            result[key] = merge(below, value)
        else:
            result[key] = merge({}, value)
    return result


def change(config: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Dotted `changes` ({"objective.theta": 1.5}) applied to `config`, kinds before all others, shallow before deep."""
    result = dict(config)
    for path in sorted(changes, key=lambda p: (not _is_kind(p, changes[p]), p.count("."))):
        if path.count(".") > DEEPEST:
            raise ConfigError([{"loc": path.split(".")[0], "msg": f"no setting lies {DEEPEST} deep", "type": "path"}])
        result = merge(result, _nested(path, path.split("."), changes[path], result))
    return result


def _is_kind(path: str, value: Any) -> bool:
    return path.rsplit(".", 1)[-1] == "kind" or (isinstance(value, Mapping) and "kind" in value)


def _nested(path: str, keys: list[str], value: Any, config: Any) -> dict[str, Any]:
    """{"a": {"b": value}} for a.b; refuses a path that goes through a plain value."""
    if not isinstance(config, Mapping):
        msg = f"{path} leads into a plain value; a path names a setting, such as objective.theta"
        raise ConfigError([{"loc": path, "msg": msg, "type": "path"}])
    if len(keys) == 1:
        return {keys[0]: value}
    return {keys[0]: _nested(path, keys[1:], value, config.get(keys[0], {}))}

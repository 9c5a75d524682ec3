"""Layers of their own, as rows one can read: which layers, frozen or not, how far their losses reach, what else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ffweb.pages.form_schema import Choice, form_tree

Config = Mapping[str, Any]
PATH = "layers"


def compact(config: Config) -> dict[str, Any]:
    """`config` with its overrides as one would write them: without what they leave as the run has it."""
    overrides = [{k: v for k, v in o.items() if v is not None and v is not False} for o in config.get(PATH, [])]
    return {**config, PATH: overrides}


def scopes() -> list[dict[str, str]]:
    """What a row can choose as its scope."""
    kinds = next(node.kinds for node in form_tree() if isinstance(node, Choice) and node.path == "scope")
    return [{"text": kind.tag, "title": kind.title} for kind in kinds]


def said(overrides: object) -> list[str]:
    """A line for each override: `Layers 1 to 2: frozen`; nothing for what is none."""
    rows = overrides if isinstance(overrides, list) else []
    return [_line(row) for row in rows if isinstance(row, dict)]


def _line(row: Config) -> str:
    first, dash, last = str(row.get("span", "?")).partition("-")
    named = f"Layers {first} to {last}" if last else f"Layer {first}{' and above' if dash else ''}"
    parts = ["frozen"] if row.get("frozen") is True else []
    parts += [_setting(name, value) for name, value in row.items() if name not in ("span", "frozen") and value]
    return f"{named}: {', '.join(parts) or 'as the run'}"


def _setting(name: str, value: object) -> str:
    if isinstance(value, dict) and "kind" in value:
        return f"{name} {_title(name, str(value['kind']))}"
    return f"{name} {'–'.join(map(str, value)) if isinstance(value, list) else value}"


def _title(axis: str, tag: str) -> str:
    choice = next((node for node in form_tree() if isinstance(node, Choice) and node.path == axis), None)
    kind = choice.kind(tag) if choice else None
    return f"“{kind.title}”" if kind else tag

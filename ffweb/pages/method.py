"""Which family a config belongs to, by what it can do, never by the name of a preset."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Method:
    tag: str
    title: str


BACKPROP = Method("BP", "Backpropagation: one gradient through the whole net")
CLASS_ROWS = Method("MF", "Layer-local with class rows (Mono-Forward): no negative data")
FORWARD = Method("FF", "Forward-Forward: every layer tells positive from negative data")


def method(config: Mapping[str, Any]) -> Method:
    """Whole-net scope is backprop; a layer that emits a row of classes needs no negatives; the rest is FF."""
    if _kind(config, "scope") == "whole":
        return BACKPROP
    return CLASS_ROWS if _kind(config, "competitors") == "classes" else FORWARD


def _kind(config: Mapping[str, Any], axis: str) -> str:
    value = config.get(axis)
    return str(value.get("kind", "")) if isinstance(value, Mapping) else ""

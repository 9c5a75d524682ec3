"""What a preset says of itself. Imports no torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Published:
    """A figure from the source, never one of ours."""

    value: float
    """In `unit`."""
    unit: str
    split: str
    """train or test."""
    conditions: str
    """What has to be known to compare with it."""


@dataclass(frozen=True)
class Preset:
    """A config by name; fields that `config` leaves out have their defaults."""

    name: str
    title: str
    summary: str
    """One or two sentences: what it shows."""
    source: str
    published: Published | None
    minutes: float
    """Wall time on two CPU cores, import and evaluation counted (docs/numbers.md says how it was measured)."""
    config: dict[str, Any]

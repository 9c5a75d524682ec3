"""What a preset says of itself. Imports no torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal


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
class Target:
    """What a preset is meant to reach on the test set at its last epoch."""

    value: float
    """In the metric's own unit: a share from 0 to 1 for accuracy and error, perplexity as it is."""
    metric: str = "test/accuracy"
    """A series of the results, or `test/error` (1 − test/accuracy)."""
    better: Literal["up", "down"] = "up"
    """up: at least `value`; down: at most."""

    def met(self, figure: float) -> bool:
        """Whether `figure`, in the same unit, reaches it."""
        return figure >= self.value if self.better == "up" else figure <= self.value


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
    """Wall time to expect on two CPU cores, import and evaluation counted; docs/results.md says what a run took."""
    config: dict[str, Any]
    method: str = ""
    """Its method's entry on the page /methods."""
    target: Target | None = None
    differs: str = ""
    """What the source's public code does otherwise, where that changes what is learnt; empty where nothing is known to,
    or there is no public code."""

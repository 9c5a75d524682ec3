"""The preset cards: what each is, how long it takes, what was reached with it and by whom."""

from __future__ import annotations

from typing import Any

from ffweb.pages.format import THIN, eta, fixed
from trainer.presets import PRESETS, Preset


def cards(current: str | None) -> list[dict[str, Any]]:
    """All presets in their order; `current` is the chosen one."""
    return [_card(preset, preset.name == current) for preset in PRESETS.values()]


def _card(preset: Preset, current: bool) -> dict[str, Any]:
    return {
        "name": preset.name,
        "title": preset.title,
        "summary": preset.summary,
        "minutes": eta(60 * preset.minutes),
        "figure": figure(preset),
        "conditions": preset.published.conditions if preset.published else "",
        "current": current,
    }


def figure(preset: Preset) -> str:
    """The published figure and whose it is: a bare percentage would be read as a promise."""
    return f"published {fixed(preset.published.value, 1)}{THIN}%" if preset.published else ""

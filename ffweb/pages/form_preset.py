"""The preset cards: what each is, how long it takes, what was reached with it and by whom."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median
from typing import Any

from ffweb.pages.format import THIN, eta, fixed, percent
from ffweb.people.models import User
from ffweb.runs import access, status
from trainer import config as trainer_config
from trainer.presets import PRESETS, Preset

LATEST = 100  # runs looked at for a preset's own figure
OWN = ("name", "seed", "device", "threads", "metrics", "checkpoint")  # of a run, and without effect on what it reaches


def cards(user: User, current: str | None) -> list[dict[str, Any]]:
    """All presets in their order; `current` is the chosen one."""
    reached = _reached(user)
    return [_card(preset, preset.name == current, reached.get(preset.name, [])) for preset in PRESETS.values()]


def _card(preset: Preset, current: bool, reached: list[float]) -> dict[str, Any]:
    figure, conditions = _here(reached) if reached else _published(preset)
    return {
        "name": preset.name,
        "title": preset.title,
        "summary": preset.summary,
        "minutes": eta(60 * preset.minutes),
        "figure": figure,
        "conditions": conditions,
        "current": current,
    }


def _published(preset: Preset) -> tuple[str, str]:
    """The source's figure and whose it is: a bare percentage would be read as a promise."""
    if preset.published is None:
        return "", ""
    return f"published {fixed(preset.published.value, 1)}{THIN}%", preset.published.conditions


def _here(reached: list[float]) -> tuple[str, str]:
    runs = "1 finished run" if len(reached) == 1 else f"the median of {len(reached)} finished runs"
    return f"here {percent(median(reached), 1)}", f"Test accuracy, {runs} of this preset as it stands."


def _reached(user: User) -> dict[str, list[float]]:
    """Test accuracies of the newest runs of each preset, as it stands, that `user` may see."""
    wanted = {name: essence(trainer_config.compose(name)) for name in PRESETS}
    runs = access.runs_for(user).filter(status=status.FINISHED, preset__in=wanted).order_by("-ended")
    found: dict[str, list[float]] = {}
    for preset, config, result in runs.values_list("preset", "config", "result")[:LATEST]:
        accuracy = ((result or {}).get("metrics", {}).get("test/accuracy") or {}).get("last")
        if accuracy is not None and essence(config) == wanted[preset]:
            found.setdefault(preset, []).append(accuracy)
    return found


def essence(config: Mapping[str, Any]) -> dict[str, Any]:
    """What of a config decides what it reaches, with its defaults filled in."""
    whole = trainer_config.compose(config=config)
    return {name: value for name, value in whole.items() if name not in OWN}

"""The preview beside the form: what the run would need, next to backprop; when it would start; what was changed."""

from __future__ import annotations

import re
from typing import Any

from ffweb.pages import form_words
from ffweb.pages.form_command import commands
from ffweb.pages.form_draft import Draft
from ffweb.pages.form_net import net
from ffweb.pages.form_values import value_at
from ffweb.pages.format import eta, si, size
from ffweb.runs import queries
from ffweb.runs.validate import queue_for
from ffweb.work import presence
from trainer.controls import CONTROLS
from trainer.errors import ConfigError
from trainer.estimate import Estimate

Shown = dict[str, Any]
MAX_FOLDER = 40


def preview(draft: Draft) -> Shown:
    """What stands in the preview card."""
    return {
        "rows": _rows(draft),
        "warnings": draft.warnings,
        "changes": _changes(draft),
        "name": form_words.auto_name(draft.start.title, draft.changes),
        "start": start_words(len(draft.seeds) * (1 + len(draft.against))),
        "twin": twin_words(len(draft.seeds)) if _offers_twin(draft) else None,
        "controls": _controls(draft),
        "command": _command(draft),
        "line": _line(draft),
        "foot": f"{len(draft.changes) or 'nothing'} changed, {_seeds(draft.seeds)}",
        "net": net(draft),
    }


def start_words(runs: int) -> str:
    return "Start run" if runs == 1 else f"Start {runs} runs"


def twin_words(runs: int) -> str:
    return "Start with backprop twin" + ("" if runs == 1 else f" ({runs} + {runs})")


def _offers_twin(draft: Draft) -> bool:
    """Backprop in one click: not for what is backprop, cannot have it, or has it ticked already."""
    return not draft.is_backprop and "backprop" not in draft.no_controls and "backprop" not in draft.against


def _controls(draft: Draft) -> list[Shown]:
    """Every control: its box, what it shows, and why this run cannot have it."""
    return [
        {
            "name": control.name,
            "title": control.title,
            "sentence": control.sentence,
            "on": control.name in draft.against,
            "off": draft.no_controls.get(control.name, ""),
        }
        for control in CONTROLS.values()
    ]


def _rows(draft: Draft) -> list[Shown]:
    ours, theirs = draft.estimate, draft.twin_estimate
    each = ", each run" if len(draft.seeds) > 1 else ""
    return [
        _row("Parameters", si(ours.parameters) if ours else None, si(theirs.parameters) if theirs else None),
        _row("Peak memory", size(ours.memory_bytes) if ours else None, size(theirs.memory_bytes) if theirs else None),
        _row(f"Time{each}", _plain(ours) if ours else None, _plain(theirs) if theirs else None),
        {"name": "Starts", "value": _starts(draft) if not draft.problems else None, "beside": ""},
    ]


def _row(name: str, value: str | None, beside: str | None) -> Shown:
    return {"name": name, "value": value, "beside": f"backprop {beside}" if beside else ""}


def _plain(estimate: Estimate) -> str:
    """The header says that these are estimates."""
    return eta(estimate.seconds).removeprefix("about ")


def _starts(draft: Draft) -> str | None:
    """When a worker would take the first of these runs."""
    try:
        queue = queue_for(str(draft.config.get("device", "auto")))
    except ConfigError:
        return None
    slots = sum(worker.slots for worker in presence.workers() if worker.queue == queue)
    if not slots:
        return "when a worker is there"
    before = queries.load(queue) - slots + 1
    if before <= 0:
        return "now"
    return "after 1 run" if before == 1 else f"after {before} runs"


def _changes(draft: Draft) -> list[Shown]:
    start = draft.start.config
    return [
        {
            "label": form_words.label(path),
            "old": form_words.said(path, value_at(start, path)) if value_at(start, path) is not None else "",
            "new": form_words.said(path, value),
            "path": path.removesuffix(".kind"),
        }
        for path, value in draft.changes.items()
    ]


def _command(draft: Draft) -> str:
    """The same runs as commands; nothing while the config cannot be read."""
    if draft.parsed is None:
        return ""
    name = draft.config["name"]
    folder = re.sub(r"[^a-z0-9]+", "-", name.lower())[:MAX_FOLDER].strip("-") or "run"
    named = {"name": name} if draft.form["name"].strip() else {}
    return "\n".join(commands(draft.start.preset, draft.config, draft.seeds, folder, named))


def _seeds(seeds: list[int]) -> str:
    shown = ", ".join(str(seed) for seed in seeds[:4]) + (", …" if len(seeds) > 4 else "")
    return f"seed {shown}" if len(seeds) == 1 else f"seeds {shown}"


def _line(draft: Draft) -> str:
    """The numbers on one line, for the foot of a phone and for a screen reader."""
    ours = draft.estimate
    if ours is None:
        return ""
    return f"{si(ours.parameters)} · {size(ours.memory_bytes)} · {eta(ours.seconds)}"

"""What the head of a run's page says about its state, and what can be done from there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ffweb.pages.format import number
from ffweb.runs import status
from ffweb.runs.models import Run

QUIET = (status.RUNNING, status.STARTING)  # the progress bar says enough
TONES = {
    status.LOST: "warn",
    status.FAILED: "bad",
    status.DIVERGED: "bad",
    status.STOPPED: "warn",
    status.FINISHED: "ok",
}
TAIL_LINES = 20
SILENT = "No sign of life. The run may still be going; what was measured is safe. Last heard"


@dataclass(frozen=True)
class State:
    """A banner: `text` in one or two sentences; `log` is the end of the console where that helps."""

    tone: str
    icon: str
    text: str
    log: str = ""
    slower: float | None = None  # a learning rate to try instead
    since: str = ""  # the moment that `text` speaks of


@dataclass(frozen=True)
class Can:
    """What the reader may do now."""

    change: bool
    stop: bool
    resume: bool
    checkpoint: bool


def state(run: Run, payload: Mapping[str, Any], *, workers: int | None = None) -> State | None:
    """The banner of a run, None where progress bar or result say it. `workers`: how many serve its queue, if known."""
    name = run.status
    silent = payload["silent_since"]
    if name == status.FINISHED or (name in QUIET and not (run.stop_requested or silent)):
        return None
    if name == status.QUEUED:
        return State("idle", "wait", _waiting(payload["queue_position"], workers, run.resume_wanted))
    if silent:
        return State("warn", "warn", SILENT, since=silent)
    if name in QUIET:
        return State("warn", "stop", "Stopping at the next step. Results up to there are kept.")
    return State(
        TONES.get(name, "idle"),
        status.known(name).icon,
        _ended(run),
        log=tail(run) if name in (status.FAILED, status.LOST) else "",
        slower=_slower(run) if name == status.DIVERGED else None,
    )


def _waiting(place: int | None, workers: int | None, resumed: bool) -> str:
    again = "It goes on from its checkpoint." if resumed else ""
    if workers == 0:
        text = "Queued. No worker is connected: it starts when one is."
    elif place is None or place <= 1:
        text = "Queued. It is the next to start."
    else:
        text = f"Queued. {number(place - 1)} run{'s' if place > 2 else ''} ahead."
    return f"{text} {again}".strip()


def _ended(run: Run) -> str:
    reason = run.reason or status.known(run.status).sentence
    if run.seq == 0 or run.step == 0:
        return reason
    kept = {
        status.LOST: "It may still be going; what was measured is safe.",
        status.STOPPED: "" if "kept" in reason else "Results up to there are kept.",
    }.get(run.status, "What was measured before is kept.")
    return f"{reason} {kept}".strip()


def _slower(run: Run) -> float | None:
    """The usual cause of a divergence is the step size: a tenth of it."""
    rate = run.config.get("optimiser", {}).get("lr")
    return float(f"{rate / 10:.3g}") if isinstance(rate, int | float) and rate > 0 else None


def tail(run: Run) -> str:
    """The last lines of the trainer's console."""
    return "\n".join(run.console_tail.rstrip().splitlines()[-TAIL_LINES:])


def can(run: Run, *, change: bool) -> Can:
    kept = run.checkpoint_step is not None
    return Can(
        change=change,
        stop=change and run.status in status.ACTIVE and not run.stop_requested,
        resume=change and run.status in status.RESUMABLE and (kept or run.seq == 0),
        checkpoint=kept,
    )

"""What a run becomes when its trainer is gone: from its last event, else from how the process ended."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from ffweb.runs import status

ENDINGS = (status.FINISHED, status.FAILED, status.STOPPED, status.DIVERGED)
BY_ITSELF = "It goes on by itself when a worker is there."
GOES_ON = f"Its worker was shut down. {BY_ITSELF}"
GIVEN_UP = f"Its worker {{}} did not answer, so the run was taken from it. {BY_ITSELF}"
OUT_OF_SIGHT = f"Its folder was not to be seen from its worker {{}} for a while. {BY_ITSELF}"
ON_REQUEST = "Stopped on request. Its checkpoint is kept."
# Exit codes of `python -m trainer`, for a trainer that could not write its last event.
EXITS = {
    2: "The trainer refused its configuration.",
    3: "The data set is missing or corrupt.",
    4: "The training diverged.",
    5: "Memory or disk ran out.",
}


REQUEUED: dict[str, object] = {"resume_wanted": True, "lease_owner": "", "lease_until": None, "worker": ""}
"""What else changes in the row of a run that goes back to the queue."""


class Asked(Enum):
    """What the worker wanted of the trainer when it ended."""

    NOTHING = "nothing"
    STOP = "stop"  # somebody pressed stop
    INTERRUPT = "interrupt"  # the worker is being shut down


@dataclass(frozen=True)
class WorkerEnd:
    """How a worker's process ended; `ours`: because we ended it, as it did not answer."""

    how: str
    ours: bool = False


@dataclass(frozen=True)
class Ending:
    """The status to move to, why as a sentence, the config field that caused it."""

    status: str
    reason: str = ""
    field: str = ""


def from_event(end: Mapping[str, Any]) -> Ending:
    """What the trainer itself said last."""
    said = end.get("status")
    after = said if said in ENDINGS else status.FAILED
    reason = "" if after == status.FINISHED else sentence(str(end.get("reason") or ""))
    return Ending(after, reason, str(end.get("field") or ""))


def sentence(text: str) -> str:
    """The trainer's words as they stand on a page: a capital at the start, a full stop at the end."""
    text = text.strip()
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".") if text else ""


def of_trainer(
    end: Mapping[str, Any] | None, code: int, asked: Asked, *, oom: bool, console: str, full: bool = False
) -> Ending:
    """How a run ended whose trainer's exit status is `code` (negative: the signal) and whose last event is `end`.

    `oom`: the machine ran out of memory meanwhile. `full`: the disk of its folder is full.
    """
    if asked is Asked.INTERRUPT and (end is None or end.get("status") == status.STOPPED):
        return Ending(status.QUEUED, GOES_ON)
    if asked is Asked.STOP and end is not None and end.get("status") == status.STOPPED:
        return Ending(status.STOPPED, ON_REQUEST)
    if end is not None:
        return from_event(end)
    if asked is Asked.STOP:
        return Ending(status.STOPPED, _stopped_how(code))
    return Ending(status.DIVERGED if code == 4 else status.FAILED, died(code, oom=oom, console=console, full=full))


def not_gone_on(before: Mapping[str, Any] | None, now: Ending) -> Ending:
    """Of a trainer that was to go on and refused: the run is what it was, and why it did not go on is said beside it.

    `before`: the last event that is stored of the run.
    """
    if now.status == status.STOPPED:
        return Ending(status.STOPPED, "Stopped before it went on. What was measured before is kept.")
    if now.status != status.FAILED:
        return now
    why = f"It could not go on. {now.reason}"
    if before is None or before.get("kind") != "end":
        return Ending(status.FAILED, why, now.field)
    was = from_event(before)
    return was if was.status == status.FINISHED else Ending(was.status, f"{was.reason} {why}".strip(), was.field)


def unreadable(damage: str) -> Ending:
    """Of a run whose events file holds what is no event: nothing after it can be stored, its end neither."""
    why = f"Its events file cannot be read to its end: {damage}. What was stored before is kept."
    return Ending(status.FAILED, why)


def of_abandoned(end: Mapping[str, Any] | None, worker: str, *, stop: bool) -> Ending:
    """What becomes of a healthy run that we took from a worker which did not answer; `stop`: somebody had asked."""
    ending = of_trainer(end, -signal.SIGKILL, Asked.STOP if stop else Asked.INTERRUPT, oom=False, console="")
    return replace(ending, reason=GIVEN_UP.format(worker)) if ending.status == status.QUEUED else ending


def _stopped_how(code: int) -> str:
    if code == -signal.SIGKILL:
        return "The trainer did not stop by itself in time and was ended. What its last checkpoint holds is kept."
    return "Stopped before the training had begun."


def died(code: int, *, oom: bool, console: str, full: bool = False) -> str:
    """Why a trainer ended that did not say so itself."""
    if full and code > 0:
        return "The disk of the run folder is full: make room, then resume. What was stored before is kept."
    if oom:
        return "The trainer was killed by SIGKILL: the machine ran out of memory. A smaller net or batch may fit."
    if code < 0:
        return f"The trainer was killed by {signal_name(-code)}."
    told = EXITS.get(code, f"The trainer ended with exit code {code} without saying why.")
    lines = [line for line in console.splitlines() if line.strip()]
    return f"{told} Its last line was: {lines[-1].strip()[:300]}" if lines else told


def signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"

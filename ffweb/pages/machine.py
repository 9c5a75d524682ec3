"""What this installation can do, as lines for a first visit: workers, GPU, energy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ffweb.pages.format import number
from ffweb.work.models import Worker


@dataclass(frozen=True)
class Line:
    icon: str
    tone: str
    text: str


def machine(workers: Sequence[Worker]) -> list[Line]:
    """Said before the first disappointment: that a worker is missing, that energy is not measured."""
    if not workers:
        return [Line("warn", "warn", "No worker is connected: runs will wait in the queue until one is")]
    cpu = sum(w.slots for w in workers if w.queue == "cpu")
    gpus = [w.device for w in workers if w.queue == "gpu"]
    lines = [Line("ok", "good", f"Worker ready: {number(cpu)} CPU slot{'' if cpu == 1 else 's'}")] if cpu else []
    lines.append(Line("ok", "good", f"GPU: {', '.join(gpus)}") if gpus else Line("none", "idle", "No GPU found"))
    energy = {str(w.meters["energy"]) for w in workers if w.meters.get("energy")}
    lines.append(
        Line("ok", "good", f"Energy by {', '.join(sorted(energy))}")
        if energy
        else Line("none", "idle", "Energy is not measured here")
    )
    return lines

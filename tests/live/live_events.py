"""Events as a trainer writes them, for the tests of the live path."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from trainer.events import EventWriter
from trainer.rundir import RunDir

INFO = {
    "train/loss": {"unit": "", "better": "down", "help": ""},
    "test/accuracy": {"unit": "fraction", "better": "up", "help": ""},
    "layers/{layer}/accuracy": {"unit": "fraction", "better": "up", "help": ""},
    "learning_rate": {"unit": "", "better": None, "help": ""},
}


class Trainer:
    """Writes the events of a run, step by step, as the real one does; a new one on the same folder resumes."""

    def __init__(self, path: Path, *, resumed_from: int | None = None, begin: bool = True) -> None:
        self.dir = RunDir(path).create()
        self.events = EventWriter(self.dir.events)
        self.step = resumed_from or 0
        if begin:
            self.events.write(
                "start",
                metrics=INFO,
                layers=[{"index": 1, "name": "L1", "parameters": 12}],
                device="cpu",
                total_steps=1000,
                resumed_from=resumed_from,
                environment={"host": "secret-host"},
                threshold=2.0,
                classes=10,
            )

    def train(self, steps: int = 1, **values: float) -> Trainer:
        for _ in range(steps):
            self.step += 1
            reported = {"train/loss": 1 / self.step, "learning_rate": 0.1} | {
                k.replace("__", "/"): v for k, v in values.items()
            }
            if self.step % 5 == 0:
                reported["test/accuracy"] = 1 - 1 / self.step
            self.events.metrics(
                step=self.step,
                epoch=self.step / 10,
                images=self.step * 64,
                flops=self.step * 1e6,
                train_seconds=self.step * 0.5,
                values=reported,
            )
        return self

    def write(self, kind: Any, **fields: Any) -> Trainer:
        self.events.write(kind, **fields)
        return self

    def end(self, status: str = "finished", reason: str = "All done.") -> Trainer:
        return self.write("end", status=status, reason=reason, field=None)


def body(path: Path) -> bytes:
    return RunDir(path).events.read_bytes()


def same(a: float, b: float) -> bool:
    return a == b or (math.isnan(a) and math.isnan(b))


class Pushed(list[tuple[str, object]]):
    """What was pushed: ("events", (seq0, seq)) and ("run", None)."""

    def seqs(self) -> list[int]:
        return [seq for what, span in self if what == "events" for seq in range(span[0], span[1] + 1)]  # type: ignore[index]

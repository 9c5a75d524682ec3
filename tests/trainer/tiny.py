"""Runs of a few dozen steps on a few hundred digits, in this process, and what they left behind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import torch

from trainer.config import RunConfig, compose, parse
from trainer.errors import Stopped, TrainerError
from trainer.events import read_events
from trainer.loop import learn, open_phase
from trainer.metrics import is_volatile
from trainer.plan import Step
from trainer.recorder import Recorder
from trainer.rundir import RunDir
from trainer.running import carry_out
from trainer.session import Session
from trainer.stopping import Stop

TINY: dict[str, Any] = {
    "data.train_size": 200,
    "data.test_size": 60,
    "architecture.hidden": [16, 12],
    "schedule.epochs": 3,
    "schedule.batch_size": 50,
    "metrics.every_steps": 2,
    "evaluate.train_images": 40,
    "threads": 1,
}

MONO = {"preset": "mono-forward-digits", "goodness.start": "normal"}
BACKPROP = {"preset": "backprop-digits"}
HARD = {"competitors.kind": "hard_wrong_label"}


def config(changes: Mapping[str, Any] | None = None) -> RunConfig:
    """A tiny run; `preset` among the changes is where it starts from, a value of None leaves a tiny setting out."""
    changes = dict(changes or {})
    preset = changes.pop("preset", None)
    if "architecture.kind" in changes:  # another net has other sizes
        changes.setdefault("architecture.hidden", None)
    left_out = {key for key, value in changes.items() if value is None and key in TINY}
    return parse(compose(preset, None, {k: v for k, v in {**TINY, **changes}.items() if k not in left_out}))


def train(config: RunConfig, out: Path, stop: Stop | None = None, *, resume: bool = False) -> dict[str, Any]:
    """Run to the end or to the error it raises; returns the last checkpoint."""
    folder = RunDir(out).create()
    recorder = Recorder(folder)
    try:
        carry_out(config, folder, recorder, stop or Stop(folder), resume=resume)
        recorder.end("finished", "finished", None)
    except TrainerError as error:
        recorder.end(error.status, error.reason, error.field)
        raise
    return state(out)


class StopAt(Stop):
    """Asks to stop the n-th time it is asked: after a step, or in the middle of an evaluation."""

    def __init__(self, out: Path, asked: int) -> None:
        super().__init__(RunDir(out))
        self.left = asked

    def check(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise Stopped("stopped by the test")


def state(out: Path) -> dict[str, Any]:
    """The stored checkpoint."""
    stored = torch.load(RunDir(out).checkpoint, weights_only=True)
    assert isinstance(stored, dict)
    return stored


def events(out: Path, kind: str | None = None) -> list[dict[str, Any]]:
    found = read_events(RunDir(out).events)[0]
    return [event for event in found if kind in (None, event["kind"])]


def points(out: Path) -> list[tuple[Any, ...]]:
    """What the run measured, as a follower keeps it: a resume drops what came after its step; no volatile series."""
    kept: list[dict[str, Any]] = []
    for event in events(out):
        if event["kind"] == "start" and event["resumed_from"] is not None:
            kept = [point for point in kept if point["step"] <= event["resumed_from"]]
        if event["kind"] == "metrics":
            kept.append(event)
    return [
        (p["step"], p["epoch"], p["images"], p["flops"], {n: v for n, v in p["values"].items() if not is_volatile(n)})
        for p in kept
    ]


def weights(stored: dict[str, Any]) -> list[torch.Tensor]:
    return [layer["flat"] for layer in stored["layers"]]


def same(a: dict[str, Any], b: dict[str, Any]) -> bool:
    """Whether two checkpoints hold the same weights, bit for bit."""
    return all(torch.equal(x, y) for x, y in zip(weights(a), weights(b), strict=True))


def learnt(run: Session, steps: int) -> Iterator[Step]:
    """The next steps of a session, each as soon as it is learnt."""
    for step in islice(run.plan.after(run.counters.step), steps):
        if step.opens_phase:
            open_phase(run, step)
        learn(run, step, run.batches.draw(step, run.rng))
        yield step

"""Everything a run says goes through here: events to the file, the best values so far, the bar on a terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

from trainer import metrics
from trainer.data.words import worded
from trainer.events import EventWriter
from trainer.overall import Overall, told
from trainer.rundir import RunDir, write_json

PROGRESS_SECONDS = 0.4


@dataclass
class Counters:
    """What counts over the whole run, stops and resumes included."""

    step: int = 0
    epoch: float = 0.0
    images: int = 0
    flops: float = 0.0
    train_seconds: float = 0.0


class Bar:
    """A progress bar with the numbers that matter, on a terminal; elsewhere plain lines for the log."""

    def __init__(self, total: int, done: int) -> None:
        from tqdm import tqdm

        self._bar = tqdm(total=total, initial=done, unit="step", dynamic_ncols=True, disable=not sys.stderr.isatty())
        self._shown: dict[str, str] = {}

    def advance(self, step: int) -> None:
        self._bar.update(step - self._bar.n)

    def show(self, values: Mapping[str, float]) -> None:
        """Test accuracy, loss, and the gap of the weakest layer."""
        gaps = {name.split("/")[1]: v for name, v in values.items() if name.endswith("/gap")}
        if gaps:
            weakest = min(gaps, key=lambda layer: gaps[layer])
            self._shown["gap"] = f"L{weakest} {gaps[weakest]:.3g}"
        for short, name in (("test", "test/accuracy"), ("loss", "train/loss"), ("img/s", "speed/images_per_second")):
            if name in values:
                self._shown[short] = f"{values[name]:.2%}" if short == "test" else f"{values[name]:.4g}"
        self._bar.set_postfix(self._shown, refresh=False)

    def line(self, text: str) -> None:
        if self._bar.disable:
            print(text, flush=True)
        else:
            self._bar.write(text)

    def close(self) -> None:
        self._bar.close()


class Recorder:
    """Writes the events of one run folder. Where one holds a run already, nothing is written before it goes on."""

    def __init__(self, folder: RunDir) -> None:
        self._folder = folder
        self._events = EventWriter(folder.events)
        self.waits = self._events.seq > 0 or folder.checkpoint.exists()
        """Whether the folder holds a run that has not gone on yet: `start` says that it does."""
        self.bar: Bar | None = None
        self.summary: dict[str, list[float | None]] = {}
        """By series: last, best, step of the best (both None where no direction is better)."""
        self.overall = Overall()
        self.curve: list[tuple[float, float]] = []
        """Seconds of training and test accuracy, at each evaluation so far."""
        self._spoke = 0.0

    def start(self, data: str, **fields: Any) -> None:
        """Begin; `data` says of which kind the data are."""
        table = {entry.name: entry.info() for entry in metrics.METRICS}
        for info in table.values():
            info["unit"], info["help"] = worded(info["unit"], data), worded(info["help"], data)
        self._events.write("start", metrics=table, **fields)
        self.waits = False

    def metrics(self, counters: Counters, values: Mapping[str, float]) -> None:
        """Write a point of every series in `values` and keep the best."""
        self._events.metrics(
            step=counters.step,
            epoch=counters.epoch,
            images=counters.images,
            flops=counters.flops,
            train_seconds=counters.train_seconds,
            values=values,
        )
        for name, value in values.items():
            self._keep(name, value, counters.step)
        self.overall.add(values, step=counters.step, seconds=counters.train_seconds)
        if "test/accuracy" in values:
            self.curve.append((counters.train_seconds, values["test/accuracy"]))
        if self.bar:
            self.bar.show(values)

    def _keep(self, name: str, value: float, step: int) -> None:
        entry = metrics.metric(name)
        better = entry.better if entry else None
        last = self.summary.setdefault(name, [None, None, None])
        last[0] = value
        if better and (last[1] is None or (value > last[1] if better == "up" else value < last[1])):
            last[1:] = [value, step]

    def last_word(self, counters: Counters, totals: Mapping[str, float]) -> None:
        """What the meters say after the last point, of series that have points."""
        known = {name: value for name, value in totals.items() if name in self.summary}
        for name, value in known.items():
            self.summary[name][0] = value
        self.overall.add(known, step=counters.step, seconds=counters.train_seconds)

    def summed_up(self) -> dict[str, dict[str, float | None]]:
        """Every series as the result tells it: last, best, its step, and what it came to over the run."""
        over = told(self.overall.whole, {name: entry[0] for name, entry in self.summary.items()})
        return {
            name: {"last": last, "best": best, "best_step": step, "over": over[name]}
            for name, (last, best, step) in self.summary.items()
        }

    def progress(self, done: float, eta: float | None, phase: str, *, force: bool = False) -> None:
        """Say how far the run is; at most every PROGRESS_SECONDS, unless a phase changes."""
        now = time.monotonic()
        if self.waits:
            return
        if force or now - self._spoke >= PROGRESS_SECONDS:
            self._spoke = now
            self._events.write("progress", done=done, eta_s=eta, phase=phase)

    def log(self, text: str, level: Literal["info", "warning", "error"] = "info") -> None:
        """A line for the page's console and for the terminal."""
        if not self.waits:
            self._events.write("log", level=level, text=text)
        with suppress(OSError):  # a console that takes no more, full or closed, ends no run: the event has the line
            if self.bar:
                self.bar.line(text)
            else:
                print(text, flush=True)

    def figure(self, name: str, step: int, content: Mapping[str, Any], summary: str) -> None:
        """Store a figure's numbers and say that they are there."""
        write_json(self._folder.figures / f"{name}.json", content)
        self._events.write("figure", name=name, step=step, file=f"{name}.json", summary=summary)

    def checkpoint(self, step: int, size: int) -> None:
        self._events.write("checkpoint", step=step, bytes=size)

    def result(self, content: Mapping[str, Any]) -> None:
        """Store the result: the folder is complete."""
        write_json(self._folder.result, content)
        self._events.write("result", **content)

    def end(self, status: Literal["finished", "failed", "stopped", "diverged"], reason: str, field: str | None) -> None:
        """The last event, unless the run had not gone on; the file is closed."""
        if self.bar:
            self.bar.close()
        if not self.waits:
            self._events.write("end", status=status, reason=reason, field=field)
        self._events.close()

"""The heart of the live path, pure: (state, lines) → (rows to store, what to push, the state after).

Follower, janitor and import all go through it. It may be fed any cut of an events file, from any earlier byte again:
what the state has seen (seq ≤ state.seq) is passed over, so nothing is lost and nothing is doubled.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, get_args

from ffweb.live import lines as lines_of
from ffweb.live.lines import Unreadable
from ffweb.live.wire import AXES
from trainer.events import Event
from trainer.metrics import Over, over_of
from trainer.overall import Whole, fold

MOST_SERIES = 10_000
FROM_NOTHING = -1  # a trainer that starts anew without a checkpoint forgets every step, 0 too
_LAYER = re.compile(r"^layers/\d+/")
_ENVELOPE = ("v", "seq", "t", "kind")


@dataclass(frozen=True)
class State:
    """What the events have said so far: columns of the run's row (ROW_FIELDS), and how the trainer began and ended."""

    offset: int = 0
    seq: int = 0
    step: int = 0
    epoch: float = 0.0
    progress: Mapping[str, Any] = field(default_factory=dict)
    latest: Mapping[str, float | None] = field(default_factory=dict)
    best: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    overall: Mapping[str, Whole] = field(default_factory=dict)
    result: Mapping[str, Any] | None = None
    layers: Sequence[Any] = ()
    metric_info: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, Any] = field(default_factory=dict)
    device: str = ""
    total_steps: int = 0
    checkpoint_step: int | None = None
    started: bool = False
    end: Event | None = None  # the `end` event, if nothing follows it
    damage: str = ""  # why the line at `offset` cannot be read, if it was tried and cannot

    def changes(self, before: State) -> dict[str, Any]:
        """The columns of the row that differ from `before`."""
        return {name: getattr(self, name) for name in ROW_FIELDS if getattr(self, name) is not getattr(before, name)}


ROW_FIELDS = tuple(f.name for f in fields(State) if f.name not in ("started", "end", "damage"))


@dataclass(frozen=True)
class Rows:
    """What a batch adds to the store: first `drop_after`, then the rest. `body` holds lines seq0 … seq0 + n − 1."""

    seq0: int = 0
    n: int = 0
    body: bytes = b""
    drop_after: int | None = None
    points: Mapping[str, tuple[list[int], list[float]]] = field(default_factory=dict)
    logs: Sequence[Event] = ()
    figures: Mapping[str, Event] = field(default_factory=dict)


@dataclass(frozen=True)
class Push:
    """What open pages are told: these lines; and the row, at once if `urgent` (it began, ended or has a result)."""

    seq0: int
    seq: int
    lines: bytes
    urgent: bool


def apply(state: State, lines: Sequence[bytes]) -> tuple[Rows, Push | None, State]:
    """Fold whole lines (without their newline) that begin at byte `state.offset` into `state`.

    Stops before the first line that is no event, or whose seq leaves a hole: what follows damage cannot be trusted, and
    `state.damage` says what is wrong with it. Nothing that a line holds makes it raise.
    After a resume (`rows.drop_after` is set) `latest`, `best`, `step` and `epoch` speak of the events since only; the
    caller knows the points before and completes them.
    """
    fold = _Fold(state)
    for line in lines:
        try:
            fold.take(line)
        except ValueError as error:
            fold.now["damage"] = str(error)
            break
    return fold.rows(), fold.push(), fold.state()


class _Fold:
    """One batch under way."""

    def __init__(self, before: State) -> None:
        self.before = before
        self.now: dict[str, Any] = {"offset": before.offset, "seq": before.seq, "damage": ""}
        self.kept: list[bytes] = []
        self.points: dict[str, tuple[list[int], list[float]]] = {}
        self.logs: list[Event] = []
        self.figures: dict[str, Event] = {}
        self.drop_after: int | None = None
        self.urgent = False
        self.rules: dict[str, Over] = {}  # of the series that came, by the newest start

    def get(self, name: str) -> Any:
        return self.now.get(name, getattr(self.before, name))

    def take(self, line: bytes) -> None:
        """Fold one line. Raises ValueError, with nothing changed, if nothing from here on can be trusted."""
        event = lines_of.parse(line)
        seq, expected = event["seq"], self.now["seq"] + 1
        if seq > expected:
            raise Unreadable(f"it is event {seq:,} where {expected:,} was to follow")
        if seq == expected:
            event = lines_of.checked(event)
            _HANDLERS.get(event["kind"], _Fold.pass_over)(self, event)
            self.now["seq"] = seq
            self.kept.append(line)
        self.now["offset"] += len(line) + 1

    def pass_over(self, event: Event) -> None:
        """A kind of a later version: kept for the pages, nothing to store."""

    def start(self, event: Event) -> None:
        info, layers, environment = dict(event["metrics"]), list(event["layers"]), dict(event.get("environment") or {})
        about = {key: event[key] for key in ("threshold", "classes", "epochs") if event.get(key) is not None}
        self.rules = {}
        if self.now["seq"]:
            self.rewind(event.get("resumed_from"))
        self.now |= {
            "metric_info": info,
            "layers": layers,
            "environment": environment | {"start": about} if about else environment,
            "device": str(event.get("device") or ""),
            "total_steps": int(event.get("total_steps") or 0),
            "result": None,
            "started": True,
            "end": None,
        }
        self.urgent = True

    def rewind(self, resumed_from: int | None) -> None:
        """The trainer went on from an earlier step, or from nothing: what it had measured beyond is void."""
        step = FROM_NOTHING if resumed_from is None else int(resumed_from)
        self.drop_after = step if self.drop_after is None else min(self.drop_after, step)
        for metric, (steps, values) in self.points.items():
            keep = [i for i, at in enumerate(steps) if at <= step]
            self.points[metric] = ([steps[i] for i in keep], [values[i] for i in keep])
        self.figures = {name: figure for name, figure in self.figures.items() if figure["step"] <= step}
        self.now |= {
            "latest": {},
            "best": {},
            "overall": {},
            "step": max(step, 0),
            "epoch": 0.0,
            "checkpoint_step": resumed_from,
        }

    def metrics(self, event: Event) -> None:
        step, epoch = event["step"], float(event["epoch"])
        if step < self.get("step"):
            raise Unreadable(f"its step {step:,} comes after step {self.get('step'):,}")
        values, latest = finite_or_not(event), self.get("latest")
        if len(latest) + len(values) > MOST_SERIES and len({*latest, *values}) > MOST_SERIES:
            raise Unreadable(f"with it there are more than {MOST_SERIES:,} series")
        for name, axis in AXES.items():
            values[name] = float(event[axis])
        for name, value in values.items():
            steps, column = self.points.setdefault(name, ([], []))
            steps.append(step)
            column.append(value)
        self.now |= {"step": step, "epoch": epoch}
        measured = {name: value for name, value in values.items() if name not in AXES}
        self._note(step, measured)
        self._sum_up(step, values["axis/time"], measured)

    def _sum_up(self, step: int, seconds: float, values: dict[str, float]) -> None:
        """Keep what each metric comes to over the run."""
        info, overall = self.get("metric_info"), self.get("overall")
        found: dict[str, Whole] = {}
        for name, value in values.items():
            if name not in self.rules:
                self.rules[name] = over_the_run(info, name)
            if self.rules[name] != "last":
                whole = fold(overall.get(name), self.rules[name], value, step=step, seconds=seconds)
                found |= {name: whole} if whole is not None and _is_whole(whole) else {}
        self.now["overall"] = {**overall, **found}

    def _note(self, step: int, values: dict[str, float]) -> None:
        """Keep the latest and the best of each metric."""
        self.now["latest"] = {**self.get("latest"), **{k: v if math.isfinite(v) else None for k, v in values.items()}}
        info, best = self.get("metric_info"), self.get("best")
        better = {
            name: {"best": value, "best_step": step}
            for name, value in values.items()
            if is_better(value, best.get(name), better_of(info, name))
        }
        if better:
            self.now["best"] = {**best, **better}

    def progress(self, event: Event) -> None:
        self.now["progress"] = {"done": event["done"], "eta_s": event.get("eta_s"), "phase": event.get("phase", "")}

    def log(self, event: Event) -> None:
        self.logs.append(
            {"seq": event["seq"], "t": event["t"], "level": str(event["level"]), "text": str(event["text"])}
        )

    def figure(self, event: Event) -> None:
        figure = {"name": event["name"], "step": int(event["step"]), "file": str(event["file"])}
        self.figures[figure["name"]] = figure | {"summary": event.get("summary") or ""}

    def checkpoint(self, event: Event) -> None:
        self.now["checkpoint_step"] = int(event["step"])

    def result(self, event: Event) -> None:
        self.now["result"] = {key: value for key, value in event.items() if key not in _ENVELOPE}
        self._last_word(event.get("metrics"))
        self.urgent = True

    def _last_word(self, metrics: Any) -> None:
        """The result knows of each metric what was measured after its last point too."""
        told = metrics if isinstance(metrics, dict) else {}
        told = {name: entry for name, entry in told.items() if isinstance(entry, dict)}
        latest, overall = self.get("latest"), self.get("overall")
        last = {name: told[name]["last"] for name in latest if isinstance(told.get(name, {}).get("last"), int | float)}
        over = {name: told[name]["over"] for name in overall if isinstance(told.get(name, {}).get("over"), int | float)}
        self.now["latest"] = {**latest, **last}
        self.now["overall"] = {**overall, **{name: [value, overall[name][1]] for name, value in over.items()}}

    def end(self, event: Event) -> None:
        self.now["end"] = {key: event.get(key) for key in ("status", "reason", "field")} | {"t": event["t"]}
        self.urgent = True

    def rows(self) -> Rows:
        points = {metric: series for metric, series in self.points.items() if series[0]}
        body = b"".join(line + b"\n" for line in self.kept)
        seq0 = self.before.seq + 1
        return Rows(seq0, len(self.kept), body, self.drop_after, points, self.logs, self.figures)

    def push(self) -> Push | None:
        if not self.kept:
            return None
        return Push(self.before.seq + 1, self.now["seq"], b"\n".join(self.kept) + b"\n", self.urgent)

    def state(self) -> State:
        return replace(self.before, **self.now)


_HANDLERS: dict[str, Callable[[_Fold, Event], None]] = {
    "start": _Fold.start,
    "metrics": _Fold.metrics,
    "progress": _Fold.progress,
    "log": _Fold.log,
    "figure": _Fold.figure,
    "checkpoint": _Fold.checkpoint,
    "result": _Fold.result,
    "end": _Fold.end,
}


def finite_or_not(event: Event) -> dict[str, float]:
    """The values of a `metrics` event as floats; what JSON could not say stands in `nonfinite`."""
    odd = event.get("nonfinite", {})
    return {
        name: float(odd.get(name, "nan")) if value is None else float(value) for name, value in event["values"].items()
    }


def over_the_run(metric_info: Mapping[str, Any], name: str) -> Over:
    """What a series comes to over the run: as the `start` event says, else as this version knows it."""
    said = _about(metric_info, name).get("over")
    return next((over for over in get_args(Over) if over == said), over_of(name))


def _about(metric_info: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The entry of the `start` event's table, which names layers' metrics once for all layers."""
    entry = metric_info.get(name) or metric_info.get(_LAYER.sub("layers/{layer}/", name))
    return entry if isinstance(entry, Mapping) else {}


def _is_whole(whole: Whole) -> bool:
    """A sum of numbers may be larger than any number."""
    return all(map(math.isfinite, whole))


def better_of(metric_info: Mapping[str, Any], name: str) -> str | None:
    """ "up", "down" or None."""
    better = _about(metric_info, name).get("better")
    return better if better in ("up", "down") else None


def is_better(value: float, best: Mapping[str, float] | None, better: str | None) -> bool:
    """Whether `value` beats `best` for a metric that is better "up" or "down"; None has no best."""
    if better is None or not math.isfinite(value):
        return False
    return best is None or (value > best["best"] if better == "up" else value < best["best"])

"""Stored lines of events → the messages that browsers receive. Built once a batch, the same text for every socket."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from ffweb.live.messages import Columns, Events
from trainer.events import Event, parse_lines, whole_lines

# Series that every `metrics` event carries beside its values, under the names they are stored by.
AXES = {"axis/epoch": "epoch", "axis/time": "train_seconds", "axis/images": "images", "axis/flops": "flops"}
# What a share does not show: the console, the checkpoint, the machine.
_NOT_SHARED = ("log", "checkpoint")
_NOT_SHARED_FIELDS = {"start": ("environment",), "result": ("checkpoint",)}


@dataclass(frozen=True)
class Packet:
    """Events seq0 … seq as one message; `share` is the share's version where it differs.

    `opens`: it begins with a `start`, so it must not be merged into what comes before.
    """

    seq0: int
    seq: int
    text: str
    share: str | None = None
    opens: bool = False

    def for_share(self) -> Packet:
        return self if self.share is None else Packet(self.seq0, self.seq, self.share, None, self.opens)


def packets(body: bytes) -> list[Packet]:
    """The messages for stored lines, in order: one, and one more from each `start` on."""
    groups: list[list[Event]] = []
    for event in parse_lines(whole_lines(body)[0]):
        if event["kind"] == "start" or not groups:
            groups.append([])
        groups[-1].append(event)
    return [_packet(group) for group in groups]


def _packet(events: list[Event]) -> Packet:
    first, last = events[0], events[-1]
    text = dumps(events_message(events))
    shared = [visible for event in events if (visible := _shared(event)) is not None]
    same = len(shared) == len(events) and all(a is b for a, b in zip(shared, events, strict=True))
    share = None if same else dumps(events_message(shared, last["seq"]))
    return Packet(first["seq"], last["seq"], text, share, first["kind"] == "start")


def _shared(event: Event) -> Event | None:
    """What a share may see of an event; None for nothing."""
    if event["kind"] in _NOT_SHARED:
        return None
    hidden = _NOT_SHARED_FIELDS.get(event["kind"], ())
    return {k: v for k, v in event.items() if k not in hidden} if hidden else event


def events_message(events: Sequence[Event], seq: int | None = None) -> Events:
    """One message of `events`, their metrics as columns."""
    metrics = [event for event in events if event["kind"] == "metrics"]
    others = [event for event in events if event["kind"] != "metrics"]
    message: Events = {"type": "events", "events": others, "seq": events[-1]["seq"] if seq is None else seq}
    if metrics:
        message["metrics"] = _columns(metrics)
    return message


def values_of(event: Event) -> dict[str, float | str | None]:
    """name → number of a `metrics` event, its axes among them; "nan", "inf", "-inf" where JSON has no number."""
    values: dict[str, float | str | None] = dict(event["values"])
    values.update(event.get("nonfinite", {}))
    for name, field in AXES.items():
        if event.get(field) is not None:
            values[name] = event[field]
    return {name: "nan" if value is None else value for name, value in values.items()}


def _columns(metrics: Sequence[Event]) -> Columns:
    rows = [values_of(event) for event in metrics]
    names = dict.fromkeys(name for row in rows for name in row)
    return {
        "seq": [event["seq"] for event in metrics],
        "step": [event["step"] for event in metrics],
        "values": {name: [row.get(name) for row in rows] for name in names},
    }


def merge(texts: Sequence[str]) -> str:
    """One message instead of several that follow each other."""
    if len(texts) == 1:
        return texts[0]
    parts: list[Events] = [orjson.loads(text) for text in texts]
    merged: Events = {
        "type": "events",
        "events": [e for part in parts for e in part["events"]],
        "seq": parts[-1]["seq"],
    }
    columns = [part["metrics"] for part in parts if "metrics" in part]
    if columns:
        merged["metrics"] = _stack(columns)
    return dumps(merged)


def _stack(columns: Sequence[Columns]) -> Columns:
    names = dict.fromkeys(name for part in columns for name in part["values"])
    return {
        "seq": _joined(part["seq"] for part in columns),
        "step": _joined(part["step"] for part in columns),
        "values": {
            name: _joined(part["values"].get(name) or [None] * len(part["seq"]) for part in columns) for name in names
        },
    }


def _joined(lists: Iterable[list[Any]]) -> list[Any]:
    return [item for part in lists for item in part]


def dumps(message: Any) -> str:
    """JSON text of a message. Numpy numbers, NaN (as null) and times are understood."""
    return orjson.dumps(message, option=orjson.OPT_SERIALIZE_NUMPY).decode()

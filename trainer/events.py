"""The events file of a run: one JSON object a line, appended by the trainer, followed by the worker. Imports no torch.

A line is whole when it ends in a newline and parses. `seq` counts 1, 2, 3, … without holes, over resumes too.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

import orjson

VERSION = 1
Kind = Literal["start", "metrics", "progress", "log", "figure", "checkpoint", "result", "end"]
KINDS: tuple[Kind, ...] = ("start", "metrics", "progress", "log", "figure", "checkpoint", "result", "end")
Event = dict[str, Any]


def split_nonfinite(values: Mapping[str, float]) -> tuple[dict[str, float | None], dict[str, str]]:
    """JSON has no NaN: non-finite values become null and are named apart ("nan", "inf", "-inf")."""
    clean: dict[str, float | None] = {}
    odd: dict[str, str] = {}
    for name, value in values.items():
        if math.isfinite(value):
            clean[name] = value
        else:
            clean[name] = None
            odd[name] = "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"
    return clean, odd


def whole_lines(body: bytes) -> tuple[list[bytes], int]:
    """The whole lines of `body` and how many bytes they take; a torn tail waits for the next read."""
    end = body.rfind(b"\n") + 1
    return body[:end].split(b"\n")[:-1], end


def parse_lines(lines: Iterable[bytes]) -> list[Event]:
    """Parse lines up to the first that is no event: what follows damage cannot be trusted."""
    events: list[Event] = []
    for line in lines:
        try:
            event = orjson.loads(line)
        except orjson.JSONDecodeError:
            break
        if not is_event(event):
            break
        events.append(event)
    return events


def is_event(value: object) -> bool:
    """Whether a line's JSON is an event at all: it counts and has a kind."""
    if not isinstance(value, dict) or not isinstance(value.get("kind"), str):
        return False
    return type(value.get("seq")) is int


class EventWriter:
    """Appends events to `events.jsonl`, one `os.write` an event.

    Opening a file that exists changes nothing; the first event is written after the last whole one, with the next
    `seq`, and whatever else followed it is cut.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        self.seq, self._size = self._whole()

    def _whole(self) -> tuple[int, int]:
        """The seq of the last whole event (0 for a new file), and where it ends."""
        body = self._path.read_bytes()
        lines, _ = whole_lines(body)
        events = parse_lines(lines)
        return int(events[-1]["seq"]) if events else 0, sum(len(line) + 1 for line in lines[: len(events)])

    def write(self, kind: Kind, /, **fields: Any) -> int:
        """Append one event; returns its seq. Raises OSError when the disk is full; the file then is as before."""
        line = orjson.dumps(
            {"v": VERSION, "seq": self.seq + 1, "t": time.time(), "kind": kind, **fields},
            option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_SERIALIZE_NUMPY,
        )
        try:
            if os.fstat(self._fd).st_size > self._size:
                os.ftruncate(self._fd, self._size)
            written = os.pwrite(self._fd, line, self._size)
            while written < len(line):  # a signal or a nearly full disk may cut a write short
                written += os.pwrite(self._fd, line[written:], self._size + written)
        except OSError as error:
            error.filename = str(self._path)
            with suppress(OSError):
                os.ftruncate(self._fd, self._size)  # so that the next event does not continue a torn line
            raise
        self._size += len(line)
        self.seq += 1
        return self.seq

    def metrics(
        self, *, step: int, epoch: float, images: int, flops: float, train_seconds: float, values: Mapping[str, float]
    ) -> int:
        """Append one `metrics` event; the counters count over the whole run and never restart."""
        clean, odd = split_nonfinite(values)
        extra = {"nonfinite": odd} if odd else {}
        return self.write(
            "metrics",
            step=step,
            epoch=epoch,
            images=images,
            flops=flops,
            train_seconds=train_seconds,
            values=clean,
            **extra,
        )

    def close(self) -> None:
        os.close(self._fd)


def read_events(path: Path, offset: int = 0, limit: int = 1 << 24) -> tuple[list[Event], int]:
    """Whole events after byte `offset`, and the offset after them. A missing file has none."""
    try:
        with path.open("rb") as file:
            file.seek(offset)
            body = file.read(limit)
    except FileNotFoundError:
        return [], offset
    lines, _ = whole_lines(body)
    events = parse_lines(lines)
    return events, offset + sum(len(line) + 1 for line in lines[: len(events)])

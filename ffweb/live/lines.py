"""What a line of an events file may hold: what is beyond it is told in a sentence, and nothing of it is stored.

The fields are those that handlers and pages read; others of a later trainer may stand beside them.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from trainer import words
from trainer.events import Event, is_event

DEEPEST = 20
LARGEST = 2**63 - 1  # of the databases' whole numbers
MOST = 4096  # layers, or metrics in the table of the first event

Number = Annotated[float, Field(allow_inf_nan=False)]
Size = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0, le=LARGEST)]
Name = Annotated[str, StringConstraints(pattern=r"^[\w./:+-]+$", max_length=80)]
Text = Annotated[str, StringConstraints(max_length=200)]
Numbers = dict[str, Number | None]


class Unreadable(ValueError):
    """Why a line is not the event it says it is."""


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore")


class _Event(_Strict):
    v: Literal[1] = 1
    seq: Annotated[int, Field(ge=1, le=LARGEST)]
    t: Annotated[float, Field(ge=0, le=250_000_000_000)]
    kind: Text


class _Info(_Strict):
    unit: str = ""
    better: Literal["up", "down"] | None = None
    over: str | None = None
    help: str = ""


class _Layer(_Strict):
    index: Count
    name: Text
    parameters: Count = 0


class _Start(_Event):
    metrics: Annotated[dict[str, _Info], Field(max_length=MOST)]
    layers: Annotated[list[_Layer], Field(max_length=MOST)]
    device: Annotated[str, StringConstraints(max_length=120)] | None = None
    total_steps: Count | None = None
    resumed_from: Count | None = None
    threshold: Number | list[Number | None] | None = None
    classes: list[str | int] | Count | None = None
    epochs: Number | None = None
    environment: dict[str, Any] | None = None


class _Metrics(_Event):
    step: Count
    epoch: Size
    images: Size
    flops: Size
    train_seconds: Size
    values: dict[Name, Number | None]
    nonfinite: dict[str, Literal["nan", "inf", "-inf"]] = {}


class _Progress(_Event):
    done: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
    eta_s: Number | None = None
    phase: Text = ""


class _Log(_Event):
    level: Text
    text: str


class _Figure(_Event):
    name: Name
    step: Count
    file: Text
    summary: str | None = None


class _Checkpoint(_Event):
    step: Count


class _Summary(_Strict):
    last: Number | None = None
    best: Number | None = None
    best_step: Count | None = None
    over: Number | None = None


class _OfLayer(_Strict):
    index: Count
    name: Text = ""
    parameters: Count = 0
    test_accuracy: Number | None = None
    train_accuracy: Number | None = None
    time_e2e: Number | None = None
    time_compute: Number | None = None
    memory: Numbers = {}


class _Energy(_Strict):
    joules: Number
    source: str = ""


class _Result(_Event):
    status: str = ""
    reason: str = ""
    started: Number | None = None
    ended: Number | None = None
    epochs: Number | None = None
    steps: Count | None = None
    images: Number | None = None
    flops: Number | None = None
    train_accuracy: Number | None = None
    test_accuracy: Number | None = None
    metrics: dict[Name, _Summary | str | Number | None] = {}  # readers pass over what is no summary
    confusion: list[list[Count]] | None = None
    per_layer: list[_OfLayer] = []
    per_epoch: list[dict[str, Any]] = []
    e2e_seconds: Number | None = None
    compute_seconds: Number | None = None
    download_seconds: Number | None = None
    time_to: Numbers = {}
    peak: Numbers | None = None
    energy: _Energy | None = None
    checkpoint: dict[str, Any] | None = None
    ngrams: list[Number] = []
    remarks: list[str] = []


class _End(_Event):
    status: Literal["finished", "failed", "stopped", "diverged"]
    reason: str | None = None
    field: str | None = None


_KINDS: dict[str, type[_Event]] = {
    "start": _Start,
    "metrics": _Metrics,
    "progress": _Progress,
    "log": _Log,
    "figure": _Figure,
    "checkpoint": _Checkpoint,
    "result": _Result,
    "end": _End,
}


def parse(line: bytes) -> Event:
    """The line's event, its fields not looked at yet. Raises Unreadable."""
    try:
        event = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise Unreadable(f"it is no JSON: {error.msg}" if line.strip() else "it is blank") from error
    if not is_event(event):
        raise Unreadable("it is no event: an event has a number `seq` and a `kind`")
    found: Event = event
    return found


def checked(event: Event) -> Event:
    """The event with all that is stored of it fit for the database. Raises Unreadable naming the field."""
    if event["kind"] != "metrics":  # whose values are all that is stored of it
        event = storable(event)
    try:
        _KINDS.get(event["kind"], _Event).model_validate(event)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = "".join(c if c.isprintable() else "?" for c in ".".join(map(str, first["loc"]))[:80])
        raise Unreadable(f"its {where} {words.wrong(first)}") from error
    return event


def storable(value: Any, depth: int = 0) -> Any:
    """`value` as JSON that SQLite and Postgres take; NUL characters are left out. Raises Unreadable for what is not."""
    if depth > DEEPEST:
        raise Unreadable(f"it is nested more than {DEEPEST} deep")
    if isinstance(value, dict):
        return {storable(key): storable(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [storable(item, depth + 1) for item in value]
    if isinstance(value, str):
        return value.replace("\0", "") if "\0" in value else value
    if isinstance(value, int) and abs(value) > LARGEST:
        raise Unreadable("a whole number in it has more than 64 bits")
    return value

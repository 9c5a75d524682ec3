"""The bodies that come in and go out, as OpenAPI shows them. What is unknown is refused, by name."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import AwareDatetime, ConfigDict, Field

from trainer.controls import CONTROLS

ConfigIn = Annotated[
    dict[str, Any], Field(description="A run's config or a part of one; `GET /schema` has its JSON Schema.")
]
Changes = Annotated[
    dict[str, Any],
    Field(description="Dotted paths into the config and their new values; a new `kind` brings its own defaults."),
]
_CONTROLS = " ".join(f"`{control.name}`: {control.sentence}" for control in CONTROLS.values())
Name = Annotated[str, Field(min_length=1, max_length=200)]
Tags = Annotated[list[Annotated[str, Field(min_length=1, max_length=40)]], Field(max_length=20)]
Visibility = Literal["private", "team"]


class Body(Schema):
    """A body that comes in. A value of another type is refused, not turned into one: 0 is not false, "1" not 1."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Source(Body):
    """Where a config comes from: a preset, over it a config, over it single changes."""

    preset: str | None = None
    config: ConfigIn | None = None
    set: Changes | None = None


class RunIn(Source):
    name: Name | None = None
    tags: Tags = []
    visibility: Visibility | None = None


class GroupIn(RunIn):
    seeds: Annotated[list[int], Field(max_length=60)] = []
    against: list[str] = Field([], description=f"Controls beside each run: {_CONTROLS}")
    vary: dict[str, list[Any]] = Field({}, description="A small grid: dotted paths and the values to try.")


class CloneIn(Body):
    name: Name | None = None
    set: Changes | None = None


def _without_defaults(schema: dict[str, Any]) -> None:
    """What is not given does not change: the defaults mean nothing."""
    for field in schema["properties"].values():
        field.pop("default", None)


class RunPatch(Body):
    """Only what is given changes."""

    model_config = ConfigDict(json_schema_extra=_without_defaults)

    name: Name = ""
    notes: Annotated[str, Field(max_length=20_000)] = ""
    tags: Tags = []
    visibility: Visibility = "team"
    starred: bool = False
    archived: bool = False


class ShareIn(Body):
    expires_at: AwareDatetime | None = Field(
        None, strict=False, description="ISO 8601 with a time zone; none: until it is revoked."
    )


class TokenIn(Body):
    name: Annotated[str, Field(max_length=80)] = ""


class Value(Schema):
    last: float | None
    best: float | None = None
    best_step: int | None = None
    over: float | None = Field(
        None, description="Over the run: its mean or its peak, by the metric's rule, else `last`."
    )


class Progress(Schema):
    done: float
    eta_s: float | None
    phase: str


class Trained(Schema):
    """What a run was trained on: the whole set, whatever part of it the config takes."""

    name: str
    content: str = Field(description="A digest, `way:hex`; empty for a set that comes with FFWeb.")
    shape: list[int]
    classes: int
    train: int
    test: int


class SharedRun(Schema):
    """What a share shows of a run."""

    id: str
    name: str
    status: Literal["queued", "starting", "running", "finished", "stopped", "failed", "diverged", "lost"]
    reason: str = Field(description="A sentence: what the status means, or why the run ended so.")
    preset: str | None
    config: dict[str, Any]
    data: Trained | None = Field(description="What it was trained on, once it has begun.")
    owner: str
    device: str
    queue_position: int | None
    progress: Progress
    silent_since: datetime | None = Field(
        description="When a run at work was last heard of, if that is longer ago than it should be."
    )
    latest: dict[str, float | None] = Field(
        description="What each metric comes to so far: its newest value, or its mean or peak over the run where one "
        "moment does not tell it (`over` of the metric)."
    )
    result: dict[str, Value] | None
    created: datetime
    started: datetime | None
    ended: datetime | None


class RunOut(SharedRun):
    visibility: Visibility
    tags: list[str]
    notes: str
    starred: bool
    archived: bool
    group: str | None
    worker: str | None


class RunRow(RunOut):
    sparkline: list[float | None] = Field(description="At most 40 values of test/accuracy.")


class RunPage(Schema):
    items: list[RunRow]
    total: int
    page: int
    per_page: int


class Group(Schema):
    group: str
    runs: list[RunRow]
    warnings: list[str] = Field(description="Why runs do not compare: one data name was not the same data for all.")


class Layer(Schema):
    index: int
    name: str
    inputs: int
    outputs: int
    parameters: int


class Summary(Schema):
    layers: list[Layer]
    parameters: int
    memory_bytes: int
    memory: dict[str, int]
    flops_per_image: float
    total_flops: float
    steps: int
    seconds: float
    rate: str = Field(description="How the speed behind `seconds` was measured.")
    warnings: list[str]
    queue: Literal["cpu", "gpu"]


class Checked(Schema):
    config: dict[str, Any]
    summary: Summary


class Packed(Schema):
    """Little-endian numbers in base64, as Plotly takes them."""

    dtype: Literal["i4", "f4", "f8"]
    bdata: str


class Series(Schema):
    x: list[float] | Packed | None = None
    x0: int | None = Field(None, description="`typed`, equally far apart: the first x, in place of `x`.")
    dx: int | None = Field(None, description="…and the distance to the next.")
    y: list[float | None] | Packed
    total: int = Field(description="Points logged; x and y hold the least and greatest of each bucket of them.")


class Metrics(Schema):
    seq: int = Field(description="The last event these series contain.")
    series: dict[str, Series]


class LogLine(Schema):
    seq: int
    t: float
    level: str
    text: str


class Log(Schema):
    items: list[LogLine]
    console: str = Field(description="The end of what the trainer printed, once it has gone.")


class FigureItem(Schema):
    name: str
    step: int
    summary: str


class Figures(Schema):
    items: list[FigureItem]


class ShareItem(Schema):
    id: int
    created: datetime
    created_by: str
    expires_at: datetime | None
    revoked_at: datetime | None
    live: bool


class Shares(Schema):
    items: list[ShareItem]


class NewShare(Schema):
    id: int
    url: str = Field(description="Shown this once; opens the run without an account until it is revoked or expires.")
    expires_at: datetime | None


class Me(Schema):
    username: str
    name: str
    admin: bool
    queued: int
    max_queued: int


class TokenItem(Schema):
    id: int
    name: str
    created: datetime
    last_used: datetime | None


class Tokens(Schema):
    items: list[TokenItem]


class NewToken(Schema):
    id: int
    name: str
    token: str = Field(description="Shown this once.")


class Published(Schema):
    value: float
    unit: str
    split: str
    conditions: str


class Target(Schema):
    """What a preset is meant to reach at its last epoch."""

    value: float = Field(description="In the metric's own unit: shares from 0 to 1.")
    metric: str
    better: Literal["up", "down"]


class PresetItem(Schema):
    name: str
    title: str
    summary: str
    source: str
    published: Published | None
    minutes: float
    config: dict[str, Any]
    method: str = Field(description="Its method's entry on the page /methods; empty where it has none.")
    target: Target | None
    differs: str = Field(description="What the source's public code does otherwise; empty where nothing is known to.")


class Presets(Schema):
    items: list[PresetItem]


class DatasetItem(Schema):
    name: str
    title: str
    kind: str
    shape: list[int]
    classes: int
    train: int
    test: int
    licence: str
    source: str
    local: bool
    bytes: int
    valid: int | None = Field(description="Kept apart for validation; none: drawn from the training part.")
    content: str = Field(description="A digest, `way:hex`, where one is known: other data have another.")
    note: str = Field(description="What has to be said of how it is read; mostly nothing.")


class UnusableItem(Schema):
    name: str
    reason: str


class Datasets(Schema):
    items: list[DatasetItem]
    unusable: list[UnusableItem] = Field(description="Files that are there and cannot be used, each with the reason.")


class WorkerItem(Schema):
    name: str
    queue: Literal["cpu", "gpu"]
    host: str
    device: str
    slots: int
    meters: dict[str, Any]
    seen: datetime
    trouble: str = Field(description="Why it takes no runs, as a sentence; empty where it does.")


class Workers(Schema):
    items: list[WorkerItem]


class ComparedMetric(Schema):
    unit: str
    better: Literal["up", "down"] | None
    help: str
    over: Literal["last", "mean", "rate", "peak"] = Field(description="What `values.*.over` is.")
    values: dict[str, Value]


class Comparison(Schema):
    runs: list[RunOut]
    warnings: list[str] = Field(description="Why runs do not compare: one data name was not the same data for all.")
    same: dict[str, Any] = Field(description="Config paths on which all runs agree.")
    differ: dict[str, dict[str, Any]] = Field(
        description="Config path: {run: value}; a run without that path is left out."
    )
    metrics: dict[str, ComparedMetric]


class ProblemItem(Schema):
    loc: str
    msg: str
    type: str


class ProblemOut(Schema):
    """RFC 9457."""

    status: int
    title: str
    detail: str
    errors: list[ProblemItem]

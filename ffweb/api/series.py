"""The parts of a run that its members and its shares both read: series, figures, result, config."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal

import orjson
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from ninja import Query, Schema
from pydantic import ConfigDict, Field, field_validator

from ffweb.api.answers import answer, disposition, download, in_pieces
from ffweb.metrics import store
from ffweb.runs import queries
from ffweb.runs.models import Run
from ffweb.runs.snapshot import snapshot


class Wanted(Schema):
    """Which series, over which x axis, from where to where, and how fine."""

    model_config = ConfigDict(populate_by_name=True)

    names: str = Field(
        "*",
        max_length=4000,
        description="Names or patterns (at most 50), separated by commas: `layers/*/gap,test/accuracy`.",
    )
    x: Literal["step", "epoch", "time", "images", "flops"] = "step"
    lo: float | None = Field(None, alias="from", allow_inf_nan=False)
    hi: float | None = Field(None, alias="to", allow_inf_nan=False)
    points: int = Field(600, ge=2, le=20_000, description="Buckets a series; fewer where many series match.")
    format: Literal["json", "typed"] = Field("json", description="`typed`: base64 float arrays, as Plotly takes them.")

    @field_validator("names")
    @classmethod
    def _few_patterns(cls, names: str) -> str:
        store.check_patterns(names.split(","))
        return names


WantedQuery = Annotated[Wanted, Query()]


def series(run: Run, wanted: Wanted) -> HttpResponse:
    """{seq, series}: both of one moment, so that a page can go on from `seq` without a gap or a double point."""
    names = [name.strip() for name in wanted.names.split(",") if name.strip()]
    with snapshot():
        seq = Run.objects.values_list("seq", flat=True).get(pk=run.pk)
        windows = store.window(run.pk, names, wanted.x, lo=wanted.lo, hi=wanted.hi, points=wanted.points)
    shape = store.typed if wanted.format == "typed" else store.plain
    return answer({"seq": seq, "series": {name: shape(window) for name, window in windows.items()}})


def as_csv(request: HttpRequest, run: Run) -> StreamingHttpResponse:
    """Every logged step, one row each; empty where a series has no value there."""
    return download(request, in_pieces(_csv_lines(run)), filename(run, "metrics.csv"), "text/csv; charset=utf-8")


def _csv_lines(run: Run) -> Iterator[bytes]:
    columns = store.columns(run.pk)
    yield _csv_line(columns)
    for row in store.export_rows(run.pk):
        yield _csv_line([row.get(column) for column in columns])


def _csv_line(cells: list[Any]) -> bytes:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(cells)
    return line.getvalue().encode()


def as_jsonl(request: HttpRequest, run: Run) -> StreamingHttpResponse:
    """Every logged step, one JSON object a line."""
    lines = (orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in store.export_rows(run.pk))
    return download(request, in_pieces(lines), filename(run, "metrics.jsonl"), "application/jsonl")


def filename(run: Run, what: str) -> str:
    """What a downloaded file is called: the run's name, tidied, its id, and what it is."""
    name = re.sub(r"[^\w.-]+", "-", run.name).strip("-.")[:60] or "run"
    return f"{name}-{run.pk}-{what}"


def figures(run: Run) -> HttpResponse:
    return answer({"items": queries.figures(run)})


def figure(run: Run, name: str) -> HttpResponse:
    found = queries.figure(run, name)
    if found is None:
        raise Http404("This run has no such figure, or not yet.")
    return answer(found)


def result(run: Run) -> HttpResponse:
    if run.result is None:
        raise Http404("This run has no result yet.")
    return answer(run.result)


def config(run: Run) -> HttpResponse:
    """Indented, because people read it; named, for those who save it."""
    body = orjson.dumps(run.config, option=orjson.OPT_INDENT_2)
    response = HttpResponse(body, content_type="application/json")
    response.headers["Content-Disposition"] = disposition(filename(run, "config.json"), attached=False)
    return response

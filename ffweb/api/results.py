"""What a run measured, to its members."""

from __future__ import annotations

from typing import Annotated, Any

from django.core.files.storage import default_storage
from django.http import Http404, HttpResponse, StreamingHttpResponse
from ninja import Query, Router

from ffweb.api import series
from ffweb.api.answers import answer, download, file_pieces
from ffweb.api.auth import Authed
from ffweb.api.schemas import Comparison, Figures, Log, Metrics
from ffweb.api.series import WantedQuery, filename
from ffweb.runs import compare as comparing
from ffweb.runs import queries, services
from ffweb.runs.access import run_for
from ffweb.runs.launch import refused

router = Router(tags=["results"])
FILE: dict[str, Any] = {"responses": {200: {"content": {"application/octet-stream": {}}}}}
CSV: dict[str, Any] = {"responses": {200: {"content": {"text/csv": {}}}}}
JSONL: dict[str, Any] = {"responses": {200: {"content": {"application/jsonl": {}}}}}


@router.get("/runs/{run_id}/metrics", response=Metrics, operation_id="metrics")
def metrics(request: Authed, run_id: str, wanted: WantedQuery) -> HttpResponse:
    """Series, thinned to `points`: the smallest and largest of each bucket, the first and the last are always there."""
    return series.series(run_for(request.auth, run_id), wanted)


@router.get("/runs/{run_id}/metrics.csv", operation_id="metrics_csv", openapi_extra=CSV)
def metrics_csv(request: Authed, run_id: str) -> StreamingHttpResponse:
    """Every logged step in full."""
    return series.as_csv(request, run_for(request.auth, run_id))


@router.get("/runs/{run_id}/metrics.jsonl", operation_id="metrics_jsonl", openapi_extra=JSONL)
def metrics_jsonl(request: Authed, run_id: str) -> StreamingHttpResponse:
    """Every logged step in full, one JSON object a line."""
    return series.as_jsonl(request, run_for(request.auth, run_id))


@router.get("/runs/{run_id}/log", response=Log, operation_id="log")
def log(request: Authed, run_id: str, after: Annotated[int, Query(ge=0)] = 0) -> HttpResponse:
    """At most 1,000 lines after the event `after`."""
    run = run_for(request.auth, run_id)
    return answer({"items": queries.log(run, after), "console": run.console_tail})


@router.get("/runs/{run_id}/figures", response=Figures, operation_id="figures")
def figures(request: Authed, run_id: str) -> HttpResponse:
    """Which figures there are."""
    return series.figures(run_for(request.auth, run_id))


@router.get("/runs/{run_id}/figures/{name}", response=dict[str, Any], operation_id="figure")
def figure(request: Authed, run_id: str, name: str) -> HttpResponse:
    """One figure's numbers."""
    return series.figure(run_for(request.auth, run_id), name)


@router.get("/runs/{run_id}/result", response=dict[str, Any], operation_id="result")
def result(request: Authed, run_id: str) -> HttpResponse:
    """result.json."""
    return series.result(run_for(request.auth, run_id))


@router.get("/runs/{run_id}/config", response=dict[str, Any], operation_id="config")
def config(request: Authed, run_id: str) -> HttpResponse:
    """The config, as `python -m trainer run --config` takes it."""
    return series.config(run_for(request.auth, run_id))


@router.get("/runs/{run_id}/files/checkpoint", operation_id="checkpoint", openapi_extra=FILE)
def checkpoint(request: Authed, run_id: str) -> StreamingHttpResponse:
    """The latest checkpoint; load it with `torch.load(…, weights_only=True)`."""
    run = run_for(request.auth, run_id)
    name = services.checkpoint_name(run)
    if not default_storage.exists(name):
        written = run.checkpoint_step is not None
        raise Http404(services.no_checkpoint(run) if written else "This run has no checkpoint yet.")
    file = default_storage.open(name)
    return download(request, file_pieces(file), filename(run, "checkpoint.pt"), "application/octet-stream", file.size)


@router.get("/compare", response=Comparison, operation_id="compare")
def compare(request: Authed, runs: Annotated[str, Query(description="Ids, separated by commas.")]) -> HttpResponse:
    """Where the configs of runs differ, and their metrics side by side."""
    ids = list(dict.fromkeys(part.strip() for part in runs.split(",") if part.strip()))
    if not 0 < len(ids) <= comparing.MAX_RUNS:
        raise refused("runs", f"Name 1 to {comparing.MAX_RUNS} runs; these are {len(ids)}.")
    return answer(comparing.comparison([run_for(request.auth, run_id) for run_id in ids]))

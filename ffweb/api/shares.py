"""Links for people without an account: making and withdrawing them, and what they show."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import reverse
from ninja import Router

from ffweb.api import series
from ffweb.api.answers import answer, nothing
from ffweb.api.auth import Authed
from ffweb.api.results import CSV, JSONL
from ffweb.api.schemas import Figures, Metrics, NewShare, SharedRun, ShareIn, Shares
from ffweb.api.series import WantedQuery
from ffweb.runs import queries, services
from ffweb.runs.access import run_for, share_for
from ffweb.runs.models import Run

router = Router(tags=["shares"])
public = Router(tags=["shared"], auth=None)


def _run(request: HttpRequest, token: str) -> Run:
    """The run that a link shows. Raises ShareGone, or TooManyGuesses."""
    return share_for(token, request.META.get("REMOTE_ADDR", "")).run


@router.post("/runs/{run_id}/shares", response={201: NewShare}, operation_id="create_share")
def create(request: Authed, run_id: str, order: ShareIn | None = None) -> HttpResponse:
    """A read-only link to the live or finished run. Its address is shown this once."""
    expires_at = order.expires_at if order else None
    share, token = services.make_share(request.auth, run_for(request.auth, run_id), expires_at)
    url = request.build_absolute_uri(reverse("share", args=[token]))
    return answer({"id": share.pk, "url": url, "expires_at": share.expires_at}, 201)


@router.get("/runs/{run_id}/shares", response=Shares, operation_id="shares")
def listing(request: Authed, run_id: str) -> HttpResponse:
    """The links of a run, newest first, without their secrets. Its owner and admins see them."""
    return answer({"items": queries.shares(request.auth, run_for(request.auth, run_id))})


@router.delete("/shares/{share_id}", response={204: None}, operation_id="revoke_share")
def revoke(request: Authed, share_id: int) -> HttpResponse:
    """Withdraw a link, at once, also for pages that are open."""
    services.revoke_share(request.auth, services.find_share(request.auth, share_id))
    return nothing()


@public.get("/s/{token}/run", response=SharedRun, operation_id="shared_run")
def run(request: Authed, token: str) -> HttpResponse:
    """What a share shows of its run."""
    return answer(queries.share_payload(_run(request, token)))


@public.get("/s/{token}/metrics", response=Metrics, operation_id="shared_metrics")
def metrics(request: Authed, token: str, wanted: WantedQuery) -> HttpResponse:
    """Series, as for members."""
    return series.series(_run(request, token), wanted)


@public.get("/s/{token}/metrics.csv", operation_id="shared_metrics_csv", openapi_extra=CSV)
def metrics_csv(request: Authed, token: str) -> StreamingHttpResponse:
    """Every logged step in full."""
    return series.as_csv(request, _run(request, token))


@public.get("/s/{token}/metrics.jsonl", operation_id="shared_metrics_jsonl", openapi_extra=JSONL)
def metrics_jsonl(request: Authed, token: str) -> StreamingHttpResponse:
    """Every logged step in full, one JSON object a line."""
    return series.as_jsonl(request, _run(request, token))


@public.get("/s/{token}/figures", response=Figures, operation_id="shared_figures")
def figures(request: Authed, token: str) -> HttpResponse:
    """Which figures there are."""
    return series.figures(_run(request, token))


@public.get("/s/{token}/figures/{name}", response=dict[str, Any], operation_id="shared_figure")
def figure(request: Authed, token: str, name: str) -> HttpResponse:
    """One figure's numbers."""
    return series.figure(_run(request, token), name)


@public.get("/s/{token}/result", response=dict[str, Any], operation_id="shared_result")
def result(request: Authed, token: str) -> HttpResponse:
    """result.json."""
    return series.result(_run(request, token))


@public.get("/s/{token}/config", response=dict[str, Any], operation_id="shared_config")
def config(request: Authed, token: str) -> HttpResponse:
    """The config."""
    return series.config(_run(request, token))

"""What a share link opens: the run, read-only, without an account. Live too."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET
from django.views.decorators.vary import vary_on_headers

from ffweb.pages.http import address, socket_address
from ffweb.pages.method import method
from ffweb.pages.run_data import page_data
from ffweb.pages.run_words import config_groups, data_title, info_of, subtitle, test_images
from ffweb.pages.sentence import headline, outcome, remarks
from ffweb.runs import queries, sound, status
from ffweb.runs.access import ShareGone, share_for
from ffweb.runs.models import Run

SHOWN = ("commit", "torch", "device", "threads")  # of the environment: how it was made, nothing of whose machine


@require_GET
@vary_on_headers("X-Partial")
def share_page(request: HttpRequest, token: str) -> HttpResponse:
    """The same answer, 404, for a link that was withdrawn, has expired or never was."""
    try:
        run = share_for(token, address(request)).run
    except ShareGone:
        return _unseen(render(request, "share_gone.html", status=404))
    context = _head(run)
    if request.headers.get("X-Partial") == "state":
        return _unseen(render(request, "run/share_head.html", context))
    return _unseen(render(request, "share.html", context | _body(run, token, context["run"])))


def _unseen(response: HttpResponse) -> HttpResponse:
    """The address is the key: no search engine keeps it, no other site is told it, no cache holds the page."""
    response["X-Robots-Tag"] = "noindex, nofollow"
    response["Referrer-Policy"] = "no-referrer"
    response["Cache-Control"] = "no-store"
    return response


def _head(run: Run) -> dict[str, Any]:
    payload = queries.share_payload(run)
    info = info_of(run.config)
    return {
        "run": payload,
        "owner": run.owner.shown_name,
        "headline": headline(
            method(run.config).tag,
            data_title(run.config),
            run.status,
            outcome(payload, test_images(run.config, payload["data"])),
            getattr(info, "items", "images"),
        ),
        "remarks": remarks(run.result),
        "subtitle": subtitle(run.config, payload["data"]),
        "progressing": run.status in (*status.OWNED, status.LOST),
    }


def _body(run: Run, token: str, payload: dict[str, Any]) -> dict[str, Any]:
    api = f"{reverse('api:api-root')}s/{token}"
    return {
        "data": page_data(run, payload, api=api, socket=socket_address("s", token), shared=True),
        "api": api,
        "config_groups": config_groups(run.config, run.preset, payload["data"]),
        "environment": {key: value for key in SHOWN if (value := sound.mapping(run.environment).get(key))},
        "licence": getattr(info_of(run.config), "licence", ""),
    }

"""The runs table, and what can be done to selected runs from it. All of it works without scripts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_POST
from django.views.decorators.vary import vary_on_headers

from ffweb.pages.http import back, member, toast
from ffweb.pages.machine import machine
from ffweb.pages.rows import data_of, row
from ffweb.pages.table import VIEWS, Wish
from ffweb.people.models import User
from ffweb.runs import overview, queries, services
from ffweb.runs.access import NotVisible
from ffweb.runs.errors import Refused
from ffweb.runs.filters import FilterError
from ffweb.runs.models import Run
from ffweb.work import presence
from trainer.errors import ConfigError
from trainer.presets import PRESETS

FIRST_PRESET, FIRST_TWIN = "ff-digits", "backprop-digits"


@login_required
@require_GET
@vary_on_headers("X-Partial")
def table(request: HttpRequest) -> HttpResponse:
    """Everything is in the address: view, search, data set, order, page."""
    user = member(request)
    wish = Wish.read(request.GET)
    partial = "X-Partial" in request.headers
    counts = overview.counts(user)
    if not partial and not counts.total and not counts.archived:
        return render(request, "runs/empty.html", _first_visit())
    context = {
        "wish": wish,
        "partial": partial,
        "counts": counts,
        "segments": _segments(wish, counts),
        **_rows(user, wish),
    }
    context["data_sets"] = [data_of(name) for name in overview.data_sets(user)]
    return render(request, "runs/list.html" if partial else "runs/table.html", context)


def _segments(wish: Wish, counts: overview.Counts) -> list[tuple[str, str]]:
    """The archive has a segment once something is in it."""
    shown = {key: word for key, (word, _) in VIEWS.items() if key != "archived" or counts.archived or wish.view == key}
    return list(shown.items())


def _rows(user: User, wish: Wish) -> dict[str, Any]:
    """The page of rows, or the sentence that says why the search cannot be read."""
    try:
        page = queries.table(user, wish.filter, wish.sort, wish.page)
    except FilterError as error:
        return {"problem": str(error), "rows": []}
    best = overview.best_accuracies(user) if page.items else {}
    rows = [row(item, best) for item in page.items]
    has_energy = any(r.energy is not None for r in rows)
    return {
        "page": page,
        "rows": rows,
        "has_energy": has_energy,
        "heads": wish.heads(has_energy),
        "before": page.page - 1,
        "after": page.page + 1,
        "left": min(page.per_page, page.total - page.page * page.per_page),
    }


def _first_visit() -> dict[str, Any]:
    seconds = 2 * 60 * PRESETS[FIRST_PRESET].minutes  # the frozen layers take as long
    twin_seconds = 60 * PRESETS[FIRST_TWIN].minutes
    return {"seconds": seconds, "pair_seconds": seconds + twin_seconds, "machine": machine(presence.workers())}


@login_required
@require_POST
def quick_start(request: HttpRequest) -> HttpResponse:
    """The first run with one click, beside the same layers frozen; with `twin`, beside backprop too."""
    against = ["random", "backprop"] if request.POST.get("twin") else ["random"]
    try:
        _, made = services.create_group(member(request), preset=FIRST_PRESET, against=against)
    except (Refused, ConfigError) as error:
        toast(request, str(error), bad=True)
        return redirect("runs")
    return redirect("run", made[0].pk)


# ── actions on selected runs ──────────────────────────────────────────────────────────────────────────────────────
def _set(**fields: Any) -> Callable[[User, Run], object]:
    return lambda user, run: services.update(user, run, **fields)


ACTIONS: dict[str, tuple[str, Callable[[User, Run], object]]] = {
    "star": ("starred", _set(starred=True)),
    "unstar": ("no longer starred", _set(starred=False)),
    "archive": ("archived", _set(archived=True)),
    "unarchive": ("back in the list", _set(archived=False)),
    "stop": ("will stop", services.stop),
    "delete": ("deleted", services.delete),
}
UNDO = {"delete": "delete", "archive": "unarchive"}
MAX_AT_ONCE = 200


@login_required
@require_POST
def actions(request: HttpRequest) -> HttpResponse:
    """Do one thing to the selected runs; those that refuse say why, the others are done."""
    name = request.POST.get("action") or request.GET.get("action", "")
    if name not in ACTIONS:
        raise Http404
    ids = _chosen(request)
    if len(ids) > MAX_AT_ONCE:
        return _too_many(request, ids)
    done, refusals = _do(member(request), name, ids)
    if done:
        toast(request, f"{_named(done)} {ACTIONS[name][0]}.", undo=_undo(name, done))
    for sentence in dict.fromkeys(refusals):
        toast(request, sentence, bad=True)
    return back(request)


def _chosen(request: HttpRequest) -> list[str]:
    return list(dict.fromkeys(request.POST.getlist("run") or request.GET.getlist("run")))


def _too_many(request: HttpRequest, ids: list[str]) -> HttpResponse:
    """All or nothing: who chose more must not think that all were done."""
    toast(request, f"At most {MAX_AT_ONCE} runs at once; these are {len(ids)}, and nothing was done.", bad=True)
    return back(request)


def _do(user: User, name: str, ids: list[str]) -> tuple[list[Run], list[str]]:
    done: list[Run] = []
    refusals: list[str] = []
    try:
        runs = overview.some(user, ids)
    except NotVisible:
        raise Http404 from None
    for run in runs:
        try:
            ACTIONS[name][1](user, run)
        except Refused as error:
            refusals.append(f"{run.name}: {error.detail}" if len(runs) > 1 else error.detail)
        else:
            done.append(run)
    return done, refusals


def _named(runs: list[Run]) -> str:
    return f"“{runs[0].name}”" if len(runs) == 1 else f"{len(runs)} runs"


def _undo(name: str, runs: list[Run]) -> str:
    if name not in UNDO:
        return ""
    keys = [("run", run.pk) for run in runs]
    if name == "delete":
        return f"{reverse('restore-runs')}?{urlencode(keys)}"
    return f"{reverse('run-actions')}?{urlencode([('action', UNDO[name]), *keys])}"


@login_required
@require_POST
def restore(request: HttpRequest) -> HttpResponse:
    """Bring deleted runs back."""
    ids = _chosen(request)
    if len(ids) > MAX_AT_ONCE:
        return _too_many(request, ids)
    try:
        runs = [services.restore(member(request), run_id) for run_id in ids]
    except Run.DoesNotExist:
        raise Http404 from None
    if runs:
        toast(request, f"{_named(runs)} restored.")
    return back(request)

"""The page of a run, and what is done from it. Every action is a form that works without scripts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_POST
from django.views.decorators.vary import vary_on_headers

from ffweb.pages.http import member, once, socket_address, toast
from ffweb.pages.method import method
from ffweb.pages.run_data import frozen_of, outcome_of, page_data, twin_of
from ffweb.pages.run_state import can, state, tail
from ffweb.pages.run_words import config_groups, subtitle, test_images
from ffweb.pages.sentence import outcome, remarks, result_sentence
from ffweb.people.models import User
from ffweb.runs import controls, data, queries, services, status, studies
from ffweb.runs.access import NotVisible, may_change, may_see, run_for
from ffweb.runs.errors import Refused
from ffweb.runs.models import Run
from ffweb.work import presence
from trainer.controls import CONTROLS, Control
from trainer.errors import ConfigError

EXPIRIES = {"": "never", "1": "in a day", "7": "in a week", "30": "in a month"}  # days -> words


@login_required
@require_GET
@vary_on_headers("X-Partial")
def run_page(request: HttpRequest, run_id: str) -> HttpResponse:
    """The page; with `X-Partial: state` only its head, for scripts that heard of a change."""
    run = _run(request, run_id)
    if run.pk != run_id:
        return HttpResponseRedirect(reverse("run", args=[run.pk]))
    return _answer(request, run)


def _run(request: HttpRequest, run_id: str) -> Run:
    try:
        return run_for(member(request), run_id)
    except NotVisible:
        raise Http404(f"There is no run {run_id}. It may have been deleted.") from None


def _answer(request: HttpRequest, run: Run, **more: Any) -> HttpResponse:
    partial = request.headers.get("X-Partial")
    if partial == "state":
        return render(request, "run/state.html", _state_context(member(request), run))
    if partial == "shares":
        return once(render(request, "run/shares.html", _shares_context(member(request), run) | more))
    return render(request, "run.html", _page_context(member(request), run) | more)


def _state_context(user: User, run: Run) -> dict[str, Any]:
    payload = queries.run_payload(run)
    images = test_images(run.config, payload["data"])
    group = queries.group(user, run.group)
    twin, frozen = twin_of(run, group), frozen_of(run, group)
    mine, others = outcome(payload, images), [outcome_of(twin), outcome_of(frozen)]
    return {
        "run": payload,
        "owner": run.owner.shown_name,
        "method": method(run.config),
        "subtitle": subtitle(run.config, payload["data"]),
        "data_words": data.words(run, group),
        "state": state(run, payload, workers=_workers(run)),
        "sentence": result_sentence(mine, *others) if run.result else "",
        "remarks": remarks(run.result),
        "twin": twin,
        "frozen": frozen,
        "awaited": any(other and other["status"] in status.ACTIVE for other in (twin, frozen)),
        "can": can(run, change=may_change(user, run)),
        "study": run.group if studies.is_part(run) else "",
        "controls": _lacking(user, run, [other["config"] for other in _beside(run, group)]),
        "active": run.is_active,
        "progressing": run.status in (*status.OWNED, status.LOST),
    }


def _beside(run: Run, group: list[queries.Payload]) -> list[queries.Payload]:
    """The other runs of its group that saw the same data."""
    strangers = data.strangers(run, group)
    return [other for other in group if other["id"] not in (run.pk, *strangers)]


def _lacking(user: User, run: Run, others: list[dict[str, Any]]) -> list[Control]:
    """The controls that a finished run does not have beside it yet."""
    if run.status != status.FINISHED or not may_change(user, run):
        return []
    return [CONTROLS[kind] for kind in controls.lacking(run.config, others)]


def _workers(run: Run) -> int | None:
    """Workers that serve this run's queue; asked for only while it waits."""
    if run.status != status.QUEUED:
        return None
    return sum(1 for worker in presence.workers() if worker.queue == run.queue)


def _page_context(user: User, run: Run) -> dict[str, Any]:
    context = _state_context(user, run)
    api = f"{reverse('api:api-root')}runs/{run.pk}"
    given = page_data(run, context["run"], api=api, socket=socket_address("runs", run.pk), twin=context["twin"])
    return {
        **context,
        **_shares_context(user, run),
        "data": given,
        "api": api,
        "config_groups": config_groups(run.config, run.preset, context["run"]["data"]),
        "console_tail": tail(run),
        "environment": run.environment,
    }


def _shares_context(user: User, run: Run) -> dict[str, Any]:
    return {"run_id": run.pk, "shares": [s for s in queries.shares(user, run) if s["live"]], "expiries": EXPIRIES}


# ── actions ───────────────────────────────────────────────────────────────────────────────────────────────────────
def _rename(request: HttpRequest, run: Run) -> str:
    services.update(member(request), run, name=request.POST.get("name", ""))
    return "Renamed."


def _visibility(request: HttpRequest, run: Run) -> str:
    user, before = member(request), run.visibility
    links = sum(share["live"] for share in queries.shares(user, run))
    services.update(user, run, visibility=request.POST.get("visibility", ""))
    if run.visibility != Run.Visibility.PRIVATE:
        return "Your team sees this run now."
    gone = links if before != run.visibility else 0
    said = f" {gone} share {'link was' if gone == 1 else 'links were'} withdrawn." if gone else ""
    return f"Only {'you see' if run.owner == user else f'{run.owner.shown_name} sees'} this run now.{said}"


def _star(request: HttpRequest, run: Run) -> str:
    services.update(member(request), run, starred=not run.starred)
    return "Starred." if run.starred else "No longer starred."


def _stop(request: HttpRequest, run: Run) -> str:
    services.stop(member(request), run)
    return "Asked to stop. Results are kept."


def _resume(request: HttpRequest, run: Run) -> str:
    services.resume(member(request), run)
    return "Queued again; it goes on from its checkpoint."


def _controls(request: HttpRequest, run: Run) -> str:
    kinds = request.POST.getlist("against")
    if not kinds:
        return "No control was chosen."
    started = services.create_controls(member(request), run, kinds)
    return (
        f"Started {', '.join(CONTROLS[kind].title.lower() for kind in kinds)} beside this run: {len(started)} queued."
    )


ACTIONS: dict[str, Callable[[HttpRequest, Run], str]] = {
    "rename": _rename,
    "visibility": _visibility,
    "star": _star,
    "stop": _stop,
    "resume": _resume,
    "controls": _controls,
}


@login_required
@require_POST
def act(request: HttpRequest, run_id: str, action: str) -> HttpResponse:
    """Do one thing to a run and say so; a refusal is said too."""
    run = _run(request, run_id)
    if action not in ACTIONS:
        raise Http404
    try:
        toast(request, ACTIONS[action](request, run))
    except (Refused, ConfigError) as refused:
        toast(request, _why(refused), bad=True)
    seen = may_see(member(request), run)  # an admin who makes another's run private has seen it last
    return HttpResponseRedirect(reverse("run", args=[run.pk]) if seen else reverse("runs"))


def _why(refused: Refused | ConfigError) -> str:
    return refused.detail if isinstance(refused, Refused) else refused.reason


@login_required
@require_POST
def delete(request: HttpRequest, run_id: str) -> HttpResponse:
    """Delete, and go to the table, which offers to undo it."""
    run = _run(request, run_id)
    try:
        services.delete(member(request), run)
    except Refused as refused:
        toast(request, refused.detail, bad=True)
        return HttpResponseRedirect(reverse("run", args=[run.pk]))
    toast(request, f"“{run.name}” deleted.", undo=f"{reverse('restore-runs')}?{urlencode({'run': run.pk})}")
    return HttpResponseRedirect(reverse("runs"))


@login_required
@require_POST
def share(request: HttpRequest, run_id: str) -> HttpResponse:
    """Make a link. Its address is in this answer and nowhere else: only a hash of it is stored."""
    run = _run(request, run_id)
    days = request.POST.get("expires", "")
    if days not in EXPIRIES:
        raise Http404
    until = timezone.now() + timedelta(days=int(days)) if days else None
    try:
        _, token = services.make_share(member(request), run, until)
    except (Refused, ConfigError) as refused:
        return once(_answer(request, run, refusal=_why(refused)))
    url = request.build_absolute_uri(reverse("share", args=[token]))
    return once(_answer(request, run, new_url=url, open_share=True))


@login_required
@require_POST
def unshare(request: HttpRequest, share_id: int) -> HttpResponse:
    """Withdraw a link, at once, for pages that are open too."""
    try:
        link = services.find_share(member(request), share_id)
    except NotVisible:
        raise Http404 from None
    try:
        services.revoke_share(member(request), link)
    except Refused as refused:
        toast(request, refused.detail, bad=True)
    if request.headers.get("X-Partial") == "shares":
        return _answer(request, _run(request, link.run_id))
    toast(request, "The link was withdrawn.")
    return HttpResponseRedirect(reverse("run", args=[link.run_id]))

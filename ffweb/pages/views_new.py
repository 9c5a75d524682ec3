"""The form for a new run: `/runs/new`, from a preset or a run, with and without scripts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from ffweb.pages import form_words
from ffweb.pages.form_draft import Draft, Start, judge, start_from_preset, start_from_run
from ffweb.pages.form_preset import picker
from ffweb.pages.form_preview import preview
from ffweb.pages.form_schema import form_tree
from ffweb.pages.form_spans import scopes
from ffweb.pages.form_values import from_form, to_form
from ffweb.pages.form_view import errors, every, groups, place, sentence
from ffweb.pages.http import member, toast
from ffweb.runs import access, services
from ffweb.runs.errors import Refused
from ffweb.runs.models import Run
from trainer.errors import ConfigError, Problem
from trainer.presets import PRESETS

Shown = dict[str, Any]
PARTS = ("numbers", "changes", "no_controls")  # of the page, that a check sends anew


@login_required
@require_http_methods(["GET", "POST"])
def new_run(request: HttpRequest) -> HttpResponse:
    """The form; a POST starts, checks, resets or repairs it, as the button says that was pressed."""
    try:
        start = _start(request)
    except ConfigError as refused:
        return _page(request, judge(start_from_preset(_first()), {}), refused.errors, status=404)
    if request.method == "GET":
        wanted = {"set": request.GET["set"]} if "set" in request.GET else {}  # a link that offers a change
        return _page(request, judge(start, _edited(start, wanted)))
    draft = judge(start, _edited(start, request.POST))
    if "reset" in request.POST or "set" in request.POST or request.POST.get("do") == "check":
        return _page(request, draft)
    if draft.problems:
        return _page(request, draft, draft.problems, status=422)
    return _launch(request, draft)


@login_required
@require_POST
def check(request: HttpRequest) -> JsonResponse:
    """The same form judged for a script: marks, errors, recipe lines and numbers, as pieces of the page."""
    try:
        start = _start(request)
    except ConfigError as refused:
        return JsonResponse({"detail": refused.reason}, status=404)
    return JsonResponse(_pieces(judge(start, _edited(start, request.POST))))


def _first() -> str:
    return next(iter(PRESETS))


def _start(request: HttpRequest) -> Start:
    """Where the address says that this form begins. Raises Http404 for no run, ConfigError for no preset."""
    if run_id := request.GET.get("from"):
        try:
            return start_from_run(access.run_for(member(request), run_id))
        except access.NotVisible:
            raise Http404(f"There is no run {run_id}. It may have been deleted.") from None
    return start_from_preset(request.GET.get("preset") or _first())


# ── what was sent ─────────────────────────────────────────────────────────────────────────────────────────────────
def _edited(start: Start, post: Mapping[str, Any]) -> dict[str, str]:
    """The posted texts, after what a reset or repair button among them asks for."""
    form = {
        name: str(value) for name, value in post.items() if name not in ("csrfmiddlewaretoken", "do", "reset", "set")
    }
    if "reset" in post:
        return _reset(start, form, str(post["reset"]))
    if "set" in post:
        return _applied(start, form, dict(part.split("=", 1) for part in str(post["set"]).split(";") if "=" in part))
    return form


def _reset(start: Start, form: dict[str, str], path: str) -> dict[str, str]:
    """The form with one field, or with an empty `path` all of them, as it began."""
    if not path:
        return {name: text for name, text in form.items() if name in ("name", "seeds")}
    return {name: text for name, text in form.items() if name != path and not name.startswith(f"{path}.")}


def _applied(start: Start, form: dict[str, str], wanted: dict[str, str]) -> dict[str, str]:
    """The form with some fields set; a new kind brings its own defaults, not what another kind called the same."""
    axes = tuple(path.removesuffix("kind") for path in wanted if path.endswith(".kind"))
    kept = {name: text for name, text in form.items() if not name.startswith(axes)} if axes else form
    texts = to_form(form_tree(), from_form(form_tree(), kept | wanted, start.config).config)
    return kept | {name: text for name, text in texts.items() if axes and name.startswith(axes)} | wanted


# ── what is sent back ─────────────────────────────────────────────────────────────────────────────────────────────
def _page(request: HttpRequest, draft: Draft, refused: list[Problem] | None = None, status: int = 200) -> HttpResponse:
    context = _context(draft) | {
        "start": draft.start,
        "groups": groups(draft, spares=True),
        "presets": picker(member(request), draft.start.preset),
        "picking": request.method == "GET" and not request.GET.keys() & {"preset", "from"},
        "query": "?" + urlencode({"from": draft.start.run.pk} if draft.start.run else {"preset": draft.start.preset}),
        "summary": _summary(draft, refused) if refused else None,
        "scopes": scopes(),
        "posted": request.method == "POST",
    }
    return render(request, "new.html", context, status=status)


def _context(draft: Draft) -> Shown:
    placed = place(draft.problems)
    return {
        "preview": preview(draft),
        "cannot": [f"This cannot start yet. {sentence(p['msg'])}" for p in draft.problems[:1]],
        "name": draft.form["name"],
        "seeds": draft.form["seeds"],
        "name_errors": errors(draft, placed.get("name", [])),
        "seeds_errors": errors(draft, placed.get("seeds", [])),
        "start": draft.start,
    }


def _summary(draft: Draft, problems: list[Problem]) -> Shown:
    entries = [
        {**error, "anchor": f"f-{path}" if path else "", "title": _title(path)}
        for path, found in place(problems).items()
        for error in errors(draft, found)
    ]
    return {"count": len(entries), "entries": entries}


def _title(path: str) -> str:
    return {"name": "Name", "seeds": "Seeds", "against": "Controls"}.get(path, form_words.label(path))


def _pieces(draft: Draft) -> Shown:
    context = _context(draft)
    shown = groups(draft)
    view = context["preview"]
    return {
        "groups": [_group(group) for group in shown],
        "fields": {node["path"]: _piece(node) for group in shown for node in every(group["fields"])},
        "name": _errors_html(context["name_errors"]),
        "seeds": _errors_html(context["seeds_errors"]),
        "html": {part: render_to_string(f"new/{part}.html", context) for part in PARTS},
        "auto_name": view["name"],
        "start": view["start"],
        "twin": view["twin"],
        "controls": {control["name"]: control["off"] for control in view["controls"]},
        "line": view["line"],
        "foot": view["foot"],
        "command": view["command"],
        "net": view["net"],
        "said": _said(draft, view["line"]),
    }


def _group(group: Shown) -> Shown:
    """What of a group can change: its recipe line, its marks, what it folds away."""
    return {key: group[key] for key in ("name", "summary", "changed", "bad")} | {"more": group["fields"]["names"]}


def _said(draft: Draft, line: str) -> str:
    """What a screen reader is told after a change."""
    if draft.problems:
        return f"{len(draft.problems)} to fix. {sentence(draft.problems[0]['msg'])}"
    return line


def _piece(node: Shown) -> Shown:
    """What of a field can change while somebody else is being typed into."""
    piece: Shown = {"changed": node["changed"], "errors": _errors_html(node["errors"]), "gone": node["gone"]}
    if node["type"] == "choice":
        off = {kind["text"]: kind["off"] for kind in node["kinds"] if kind["off"]}
        gone = [kind["text"] for kind in node["kinds"] if kind["gone"]]
        return piece | {"off": off, "without": gone, "why": render_to_string("new/why.html", {"why": node["why"]})}
    keys = ("aside", "unit", "placeholder", *(("title",) if node.get("aside") else ()))
    return piece | {key: node[key] for key in keys if node.get(key)}


def _errors_html(found: list[Shown]) -> str:
    return render_to_string("new/errors.html", {"errors": found}) if found else ""


# ── starting ──────────────────────────────────────────────────────────────────────────────────────────────────────
def _launch(request: HttpRequest, draft: Draft) -> HttpResponse:
    try:
        runs = _create(request, draft)
    except ConfigError as refused:
        return _page(request, draft, refused.errors, status=422)
    except Refused as refused:
        return _page(request, draft, [{"loc": "", "msg": refused.detail, "type": "refused"}], status=refused.status)
    if len(runs) > 1:
        toast(
            request,
            f"Started {len(runs)} runs: {', '.join(run.name for run in runs[:4])}{', …' if len(runs) > 4 else ''}.",
        )
    return HttpResponseRedirect(reverse("run", args=[runs[0].pk]))


def _create(request: HttpRequest, draft: Draft) -> list[Run]:
    """One run, or a group: a run a seed, each beside its controls where some are wanted."""
    start, against = draft.start, _against(request, draft)
    order: Shown = {
        "name": draft.config["name"],
        "preset": start.preset,
        "config": start.config if start.run else None,
        "changes": draft.changes,
        "parent": start.run,
    }
    if len(draft.seeds) > 1 or against:
        several = draft.seeds if len(draft.seeds) > 1 else []
        order["changes"] = order["changes"] | ({} if several else {"seed": draft.seeds[0]})
        return services.create_group(member(request), seeds=several, against=against, **order)[1]
    order["changes"] = {**draft.changes, "seed": draft.seeds[0]}
    return [services.create_run(member(request), **order)]


def _against(request: HttpRequest, draft: Draft) -> list[str]:
    """The controls that are ticked, and the twin where its button was pressed."""
    twin = request.POST.get("do") == "twin" and not draft.is_backprop
    return list(dict.fromkeys([*draft.against, *(["backprop"] if twin else [])]))

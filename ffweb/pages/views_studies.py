"""Studies of memory: the form that starts one, its page, its figures as a file. All of it works without scripts."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers

from ffweb.pages import study_form, study_page
from ffweb.pages.http import member, toast
from ffweb.runs import studies
from ffweb.runs.access import NotVisible
from ffweb.runs.errors import Refused
from ffweb.runs.studies import Point
from trainer.errors import ConfigError
from trainer.profiling.cases import METHODS


@login_required
@require_http_methods(["GET", "POST"])
def new_study(request: HttpRequest) -> HttpResponse:
    """The form; a POST starts all cases, those that fit, or none and says why."""
    if request.method == "GET":
        return _form(request, study_form.blank())
    form = study_form.read(request.POST)
    if request.POST.get("do") == "check" or form.errors:
        return _form(request, form)
    return _launch(request, form, only_fitting=request.POST.get("do") == "fitting")


def _form(request: HttpRequest, form: study_form.Form, *, refused: bool = False, **more: Any) -> HttpResponse:
    outlook = study_form.outlook(form)
    context = {
        "form": form,
        "methods": METHODS,
        "data_sets": study_form.data_sets(form.data),
        "outlook": outlook,
        "posted": request.method == "POST",
        **more,
    }
    wrong = form.errors or refused
    return render(request, "studies/new.html", context, status=422 if wrong else 200)


def _launch(request: HttpRequest, form: study_form.Form, *, only_fitting: bool) -> HttpResponse:
    cases = form.cases
    if only_fitting:
        outlook = study_form.outlook(form)
        cases = outlook.fitting if outlook and not form.errors else []
    try:
        group = studies.create(member(request), cases) if cases else None
    except ConfigError as error:
        study_form.refuse(form, error.errors)
        full = "" if form.errors else "Some cases have no room in the memory that is free here; the others can start."
        return _form(request, form, refused=True, why=full)
    except Refused as error:
        return _form(request, form, refused=True, why=error.detail)
    return redirect("study", group) if group else _form(request, form, refused=True)


@login_required
@require_GET
@vary_on_headers("X-Partial")
def study(request: HttpRequest, group: str) -> HttpResponse:
    """The page; with `X-Partial` only what changes, for scripts that heard of a run."""
    points = _points(request, group)
    partial = "X-Partial" in request.headers
    context = {
        "group": group,
        "lines": study_page.lines(points),
        "table": study_page.table(points),
        "conditions": study_page.conditions(points),
        "standing": study_page.standing(points),
        "savings": study_page.savings(points),
        "data": study_page.plot_data(points),
    }
    return render(request, "studies/state.html" if partial else "studies/study.html", context)


def _points(request: HttpRequest, group: str) -> list[Point]:
    try:
        return studies.read(member(request), group)
    except NotVisible:
        raise Http404(f"There is no study {group}. Its runs may have been deleted.") from None


@login_required
@require_GET
def study_rows(request: HttpRequest, group: str) -> HttpResponse:
    """The figures as the command line keeps them, in a file that it can go on from."""
    answer = JsonResponse(studies.rows(_points(request, group)), safe=False, json_dumps_params={"indent": 1})
    answer["Content-Disposition"] = f'attachment; filename="memory-{group}.json"'
    return answer


@login_required
@require_POST
def stop_study(request: HttpRequest, group: str) -> HttpResponse:
    """Stop all of a study that waits or trains; what has been measured stays."""
    try:
        stopped, refusals = studies.stop(member(request), group)
    except NotVisible:
        raise Http404 from None
    if stopped:
        toast(request, f"{stopped} {'run' if stopped == 1 else 'runs'} will stop. What has been measured is kept.")
    for sentence in refusals:
        toast(request, sentence, bad=True)
    return redirect("study", group)

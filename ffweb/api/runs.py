"""Runs: launch, list, look at, change, stop."""

from __future__ import annotations

from typing import Annotated

from django.http import HttpResponse
from ninja import Query, Router

from ffweb.api.answers import answer, nothing
from ffweb.api.auth import Authed
from ffweb.api.schemas import CloneIn, Group, GroupIn, RunIn, RunOut, RunPage, RunPatch
from ffweb.runs import queries, services
from ffweb.runs.access import NotVisible, run_for
from ffweb.runs.data import told_apart
from ffweb.runs.models import Run

router = Router(tags=["runs"])


def _said(run: Run, status: int = 200) -> HttpResponse:
    run.refresh_from_db()
    return answer(queries.run_payload(run), status)


@router.post("/runs", response={201: RunOut}, operation_id="create_run")
def create(request: Authed, order: RunIn) -> HttpResponse:
    """Queue a run: `preset`, over it `config`, over it `set`."""
    run = services.create_run(
        request.auth,
        name=order.name,
        preset=order.preset,
        config=order.config,
        changes=order.set,
        tags=order.tags,
        visibility=order.visibility,
    )
    return _said(run, 201)


@router.post("/groups", response={201: Group}, operation_id="create_group")
def create_group(request: Authed, order: GroupIn) -> HttpResponse:
    """Queue a group: every point of a small grid with every seed, beside its controls. All of them, or none."""
    group, _ = services.create_group(
        request.auth,
        seeds=order.seeds,
        against=order.against,
        vary=order.vary,
        name=order.name,
        preset=order.preset,
        config=order.config,
        changes=order.set,
        tags=order.tags,
        visibility=order.visibility,
    )
    return _group(group, queries.group(request.auth, group), 201)


@router.get("/groups/{group}", response=Group, operation_id="group")
def group(request: Authed, group: str) -> HttpResponse:
    """Runs that were launched together, in their order."""
    runs = queries.group(request.auth, group)
    if not runs:
        raise NotVisible(group)
    return _group(group, runs)


def _group(group: str, runs: list[queries.Payload], status: int = 200) -> HttpResponse:
    return answer({"group": group, "runs": runs, "warnings": told_apart(runs)}, status)


@router.get("/runs", response=RunPage, operation_id="runs")
def runs(
    request: Authed,
    filter: Annotated[str, Query(description="As in `status:running owner:me data:mnist tag:x acc>0.9 text`.")] = "",
    sort: Annotated[str, Query(description="A column, config path or metric; `-` in front: largest first.")] = "",
    page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
    per_page: Annotated[int, Query(ge=1, le=200)] = 50,
) -> HttpResponse:
    """The runs you may see. Archived ones only where the filter says `archived:yes` or `archived:any`."""
    found = queries.table(request.auth, filter, sort, page, per_page)
    return answer({"items": found.items, "total": found.total, "page": found.page, "per_page": found.per_page})


@router.get("/runs/{run_id}", response=RunOut, operation_id="run")
def read(request: Authed, run_id: str) -> HttpResponse:
    """One run."""
    return answer(queries.run_payload(run_for(request.auth, run_id)))


@router.patch("/runs/{run_id}", response=RunOut, operation_id="update_run")
def update(request: Authed, run_id: str, changes: RunPatch) -> HttpResponse:
    """Change name, notes, tags, visibility, starred or archived."""
    fields = changes.model_dump(exclude_unset=True)
    return _said(services.update(request.auth, run_for(request.auth, run_id), **fields))


@router.delete("/runs/{run_id}", response={204: None}, operation_id="delete_run")
def delete(request: Authed, run_id: str) -> HttpResponse:
    """Take a run away; it can be restored for 30 days."""
    services.delete(request.auth, run_for(request.auth, run_id))
    return nothing()


@router.post("/runs/{run_id}/restore", response=RunOut, operation_id="restore_run")
def restore(request: Authed, run_id: str) -> HttpResponse:
    """Bring a deleted run back."""
    return _said(services.restore(request.auth, run_id))


@router.post("/runs/{run_id}/stop", response=RunOut, operation_id="stop_run")
def stop(request: Authed, run_id: str) -> HttpResponse:
    """Ask a run to stop at its next step; a waiting one stops at once."""
    run = run_for(request.auth, run_id)
    services.stop(request.auth, run)
    return _said(run)


@router.post("/runs/{run_id}/resume", response=RunOut, operation_id="resume_run")
def resume(request: Authed, run_id: str) -> HttpResponse:
    """Go on from the checkpoint."""
    run = run_for(request.auth, run_id)
    services.resume(request.auth, run)
    return _said(run)


@router.post("/runs/{run_id}/clone", response={201: RunOut}, operation_id="clone_run")
def clone(request: Authed, run_id: str, order: CloneIn | None = None) -> HttpResponse:
    """Queue a new run with this one's config and `set`."""
    order = order or CloneIn()
    return _said(services.clone(request.auth, run_for(request.auth, run_id), order.name, order.set), 201)

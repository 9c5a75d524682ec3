"""What there is to choose from, and whether a choice can run."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.http import HttpResponse
from ninja import Router

from ffweb.api.answers import answer
from ffweb.api.auth import Authed
from ffweb.api.schemas import Checked, Datasets, Presets, Source, Workers
from ffweb.runs import validate
from ffweb.work import presence
from trainer import config
from trainer.data.catalogue import survey
from trainer.presets import PRESETS

router = Router(tags=["catalogue"])


@router.get("/presets", response=Presets, operation_id="presets")
def presets(request: Authed) -> HttpResponse:
    """Recipes to start from, each with its source and, where there is one, the published figure."""
    return answer({"items": [asdict(preset) for preset in PRESETS.values()]})


@router.get("/schema", response=dict[str, Any], operation_id="schema")
def schema(request: Authed) -> HttpResponse:
    """JSON Schema of a config."""
    return answer(config.schema())


@router.get("/datasets", response=Datasets, operation_id="datasets")
def datasets(request: Authed) -> HttpResponse:
    """Data sets by name; `local` ones need no download. What is there and cannot be used stands apart."""
    found = survey()
    return answer({"items": list(map(asdict, found.usable)), "unusable": list(map(asdict, found.unusable))})


@router.get("/workers", response=Workers, operation_id="workers")
def workers(request: Authed) -> HttpResponse:
    """Workers seen within the last minute."""
    fields = ("name", "queue", "host", "device", "slots", "meters", "seen", "trouble")
    return answer({"items": [{field: getattr(worker, field) for field in fields} for worker in presence.present()]})


@router.post("/validate", response=Checked, operation_id="validate")
def check(request: Authed, source: Source) -> HttpResponse:
    """What a config comes to, without running it; 422 names every field at fault."""
    checked = validate.check(source.preset, source.config, source.set)
    return answer({"config": checked.config.model_dump(mode="json"), "summary": summary(checked)})


def summary(checked: validate.Checked) -> dict[str, Any]:
    """The preview of a run: layers, parameters, memory, arithmetic, warnings, and the queue it would join."""
    fields = asdict(checked.estimate)
    return fields | {"warnings": checked.warnings, "queue": checked.queue}

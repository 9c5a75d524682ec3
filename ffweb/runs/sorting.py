"""The order of the runs table: by a column of the run or by any fact, missing values last."""

from __future__ import annotations

from django.db.models import F, FilteredRelation, Q, QuerySet
from django.db.models.functions import Coalesce, Now

from ffweb.runs.filters import FilterError, fact_key
from ffweb.runs.models import Run

COLUMNS = {
    "created": "created",
    "started": "started",
    "ended": "ended",
    "name": "name",
    "status": "status",
    "preset": "preset",
    "owner": "owner__username",
    "queue": "queue",
    "starred": "starred",
}
DEFAULT = "-created"


def apply(runs: QuerySet[Run], sort: str) -> QuerySet[Run]:
    """Order `runs` by `sort`: a column or a fact, `-` in front for the largest first. Raises FilterError."""
    sort = sort.strip() or DEFAULT
    down, name = sort.startswith("-"), sort.lstrip("+-")
    if not name or not name.isprintable():
        raise FilterError("Name a column to sort by, as in -test/accuracy.", field="sort")
    if name == "duration":
        runs, keys = runs.annotate(_took=Coalesce("ended", Now()) - F("started")), [F("_took")]
    elif name in COLUMNS:
        keys = [F(COLUMNS[name])]
    else:
        runs = runs.annotate(_fact=FilteredRelation("facts", condition=Q(facts__key=fact_key(name, "sort"))))
        keys = [F("_fact__num"), F("_fact__txt")]
    return runs.order_by(*((k.desc if down else k.asc)(nulls_last=True) for k in keys), "-created", "pk")

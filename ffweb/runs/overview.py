"""What stands round the runs table: how many runs there are, on which data, and the best of each."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Max, Q

from ffweb.people.models import User
from ffweb.runs import status
from ffweb.runs.access import run_for, runs_for
from ffweb.runs.models import Fact, Run

CHOSEN_BY = "result.valid/accuracy.last"
"""What the best of several runs is chosen by: who chooses by the test images has none left to be judged on."""


@dataclass(frozen=True)
class Counts:
    """Of the runs a user may see: `total` and `active` without the archived ones."""

    total: int
    active: int
    archived: int


def counts(user: User) -> Counts:
    kept = Q(archived=False)
    found = runs_for(user).aggregate(
        total=Count("pk", filter=kept),
        active=Count("pk", filter=kept & Q(status__in=status.ACTIVE)),
        archived=Count("pk", filter=~kept),
    )
    return Counts(**found)


def data_sets(user: User) -> list[str]:
    """Names of the data sets that visible runs use."""
    names = Fact.objects.filter(key="config.data.name", run__in=runs_for(user).order_by())
    return sorted({name for name in names.values_list("txt", flat=True).distinct() if name})


def best_accuracies(user: User) -> dict[tuple[str, str], float]:
    """{(data set, its content): the highest accuracy on validation images}, where two ended runs or more have it."""
    rows = (
        runs_for(user)
        .order_by()
        .filter(facts__key=CHOSEN_BY, archived=False)
        .values("config__data__name", "environment__data__content")
        .annotate(best=Max("facts__num"), n=Count("pk"))
    )
    found: dict[tuple[str, str], tuple[float, int]] = {}
    for row in rows:
        if row["best"] is not None:
            content = row["environment__data__content"]
            key = (row["config__data__name"], content if isinstance(content, str) else "")
            best, n = found.get(key, (row["best"], 0))
            found[key] = max(best, row["best"]), n + row["n"]
    return {key: best for key, (best, n) in found.items() if n > 1}


def runs_at_work(user: User) -> dict[str, Run]:
    """{worker: the run it works on}, for the runs that `user` may see."""
    busy = runs_for(user).filter(status__in=status.OWNED).exclude(worker="").only("pk", "name", "worker")
    return {run.worker: run for run in busy}


def some(user: User, ids: list[str]) -> list[Run]:
    """Those of `ids` that exist, each once, in order. Raises NotVisible for one that `user` may not see."""
    return [run_for(user, run_id) for run_id in dict.fromkeys(ids)]

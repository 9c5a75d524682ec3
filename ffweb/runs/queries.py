"""What pages, API and sockets say of runs: plain dictionaries, the same everywhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F, Q, QuerySet, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from ffweb.people.models import User
from ffweb.runs import data, filters, sorting, sound, status
from ffweb.runs.access import NotVisible, changeable, is_id, is_live, runs_for
from ffweb.runs.errors import NotYours
from ffweb.runs.facts import metrics_of
from ffweb.runs.models import Figure, LogLine, Run
from ffweb.runs.silence import silent_since

Payload = dict[str, Any]


@dataclass(frozen=True)
class Page:
    """One page of the runs table; `items` are `row_payload`s."""

    items: list[Payload]
    total: int
    page: int
    per_page: int

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // self.per_page))


def run_payload(run: Run) -> Payload:
    """A run as the API, the sockets and the run page give it: exactly these keys."""
    return _payload(run, queue_position(run))


def row_payload(run: Run, position: int | None) -> Payload:
    """A run as a row of the table: its payload and the sparkline of its test accuracy."""
    return _payload(run, position) | {"sparkline": sound.line(run.sparkline)}


def share_payload(run: Run) -> Payload:
    """What a share shows: nothing of the team, of other runs or of the machines."""
    hidden = ("worker", "visibility", "tags", "notes", "starred", "archived", "group")
    payload = {key: value for key, value in run_payload(run).items() if key not in hidden}
    return payload | {"owner": run.owner.shown_name}


def _payload(run: Run, position: int | None) -> Payload:
    return {
        "id": run.pk,
        "name": run.name,
        "status": run.status,
        "reason": run.reason or status.known(run.status).sentence,
        "preset": run.preset or None,
        "config": run.config,
        "data": data.of(run),
        "owner": run.owner.username,
        "visibility": run.visibility,
        "tags": run.tags,
        "notes": run.notes,
        "starred": run.starred,
        "archived": run.archived,
        "group": run.group or None,
        "device": run.device or run.queue,
        "worker": run.worker or None,
        "queue_position": position,
        "progress": sound.progress(run.progress),
        "silent_since": _time(silent_since(run)),
        "latest": {**sound.numbers(run.latest), **sound.overall(run.overall)},
        "result": metrics_of(run) if "metrics" in sound.mapping(run.result) else None,
        "created": _time(run.created),
        "started": _time(run.started),
        "ended": _time(run.ended),
    }


def peak_memory(values: Mapping[str, float | None]) -> float | None:
    """The GPU's peak where there is one, else the process's."""
    return next((values[n] for n in ("memory/cuda_peak", "memory/rss_peak", "memory/rss") if values.get(n)), None)


def took(payload: Mapping[str, Any]) -> float | None:
    """Seconds from start to end, or until now: all that passed, waiting for data and evaluation too."""
    if not payload["started"]:
        return None
    end = datetime.fromisoformat(payload["ended"]) if payload["ended"] else timezone.now()
    return (end - datetime.fromisoformat(payload["started"])).total_seconds()


def _time(moment: datetime | None) -> str | None:
    return moment.isoformat().replace("+00:00", "Z") if moment else None


def waiting(user: User) -> int:
    """How many of the user's runs wait for a worker."""
    return _waiting().filter(owner=user).count()


def shares(user: User, run: Run) -> list[Payload]:
    """The links of a run, newest first; none to those who may not change it."""
    try:
        changeable(user, run, "share")
    except (NotVisible, NotYours):
        return []
    return [
        {
            "id": share.pk,
            "created": _time(share.created),
            "created_by": share.created_by.shown_name,
            "expires_at": _time(share.expires_at),
            "revoked_at": _time(share.revoked_at),
            "live": is_live(share),
        }
        for share in run.shares.select_related("created_by", "run").order_by("-created", "-pk")
    ]


def queue_position(run: Run) -> int | None:
    """1 for the run that is claimed next in its queue; None if it does not wait."""
    if run.status != status.QUEUED:
        return None
    earlier = Q(queued_at__lt=run.queued_at) | Q(queued_at=run.queued_at, pk__lt=run.pk)
    return 1 + _waiting().filter(earlier, queue=run.queue).count()


def queue_positions(runs: Iterable[Run]) -> dict[str, int]:
    """Positions of those of `runs` that wait, in one query."""
    wanted = {run.pk for run in runs if run.status == status.QUEUED}
    if not wanted:
        return {}
    place = Window(RowNumber(), partition_by=F("queue"), order_by=[F("queued_at").asc(), F("id").asc()])
    return {pk: n for pk, n in _waiting().annotate(place=place).values_list("pk", "place") if pk in wanted}


def _waiting() -> QuerySet[Run]:
    return Run.objects.filter(status=status.QUEUED, deleted_at=None).order_by()


def table(user: User, filter: str = "", sort: str = "", page: int = 1, per_page: int = 50) -> Page:
    """The runs `user` may see that pass `filter`, in the order of `sort`.

    Archived runs are left out unless the filter speaks of them. Raises FilterError for a filter or sort that cannot
    be read.
    """
    per_page = min(max(per_page, 1), 200)
    runs = filters.apply(runs_for(user), filter, user)
    total = runs.count()
    page = min(max(page, 1), max(1, -(-total // per_page)))
    # Ids first: sorting ten thousand whole rows, configs and all, takes several times as long.
    ids = list(sorting.apply(runs, sort).values_list("pk", flat=True)[(page - 1) * per_page : page * per_page])
    rows = Run.objects.select_related("owner").in_bulk(ids)
    return Page(rows_payload([rows[pk] for pk in ids if pk in rows]), total, page, per_page)


def rows_payload(runs: list[Run]) -> list[Payload]:
    """Rows of the table, their queue positions in one query."""
    positions = queue_positions(runs)
    return [row_payload(run, positions.get(run.pk)) for run in runs]


def group(user: User, name: str) -> list[Payload]:
    """The runs of a group that `user` may see, in the order they were launched."""
    runs = (
        list(runs_for(user).filter(group=name).select_related("owner").order_by("created", "pk")) if is_id(name) else []
    )
    return rows_payload(runs)


def figures(run: Run) -> list[Payload]:
    """Names, steps and summaries of the figures of a run."""
    found = Figure.objects.filter(run=run).order_by("name").values("name", "step", "summary")
    return [dict(item) for item in found]


def figure(run: Run, name: str) -> Payload | None:
    """The body of a figure at its latest step, or None."""
    found = Figure.objects.filter(run=run, name=name).first()
    return (
        None
        if found is None
        else {"name": name, "step": found.step, "summary": found.summary, **sound.mapping(found.body)}
    )


def log(run: Run, after: int = 0, limit: int = 1000) -> list[Payload]:
    """Log lines with seq > `after`, oldest first, at most `limit`."""
    lines = LogLine.objects.filter(run=run, seq__gt=after).order_by("seq")[:limit]
    return [dict(line) for line in lines.values("seq", "t", "level", "text")]


def load(queue: str) -> int:
    """How many runs of everybody a queue has to end before it is idle: those that train and those that wait."""
    return Run.objects.filter(queue=queue, status__in=status.ACTIVE, deleted_at=None).count()

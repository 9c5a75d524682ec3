"""Follow a run's events file: store what is new in one transaction, then tell the pages.

The database holds how far the file is stored (bytes and seq) in the same transaction as the rows themselves, so that
a crash at any point stores nothing twice. Of two followers of one run only one stores each event.
"""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson
from django.db import transaction
from django.db.models.functions import Now

from ffweb.live import history, replay
from ffweb.live.apply import ROW_FIELDS, Push, Rows, State, apply
from ffweb.live.lines import storable
from ffweb.live.push import push_events, push_run
from ffweb.metrics.store import Writer
from ffweb.runs import status
from ffweb.runs.models import Figure, LogLine, Run
from trainer.events import Event, whole_lines
from trainer.rundir import RunDir

log = logging.getLogger(__name__)

READ_BYTES = 1 << 18  # a batch: some hundred events
LONGEST_LINE = 1 << 26
LONGEST_FIGURE = 1 << 25
ROW_PUSH_SECONDS = 1.0  # pages and tables hear of progress at most so often


class Follower:
    """Stores and pushes the events of one run. `poll()` it every 50 ms; `drain()` it to the end of the file.

    `started`: the trainer of this attempt has said so. `end`: its `end` event ({status, reason, field, t}), or None.
    """

    def __init__(self, run_id: str, run_dir: Path | RunDir) -> None:
        self.run_id = run_id
        self.run_dir = run_dir if isinstance(run_dir, RunDir) else RunDir(Path(run_dir))
        self._state = _stored_state(run_id)
        self._writer = Writer(run_id)
        self.damage = ""
        """Why the events after those that are stored cannot be read, if they cannot."""
        self._row_pushed = 0.0
        self._row_changed = False

    @property
    def started(self) -> bool:
        return self._state.started

    @property
    def end(self) -> Event | None:
        return self._state.end

    def poll(self) -> int:
        """Store and push the events that are new, one batch; returns how many.

        Raises DatabaseError when the database is away, locked or full: nothing is lost, poll again.
        """
        found = 0
        lines = self._read()
        if lines:
            rows, push, after = apply(self._state, lines)
            self.damage = after.damage
            if after.damage:
                _tell_damage(self.run_id, after.seq + 1, after.damage)
            if self._store(rows, after):
                found = rows.n
                self._tell(push)
        self._tell_row()
        return found

    def drain(self) -> int:
        """Poll until the end of the file; returns how many events were new."""
        total = 0
        before = -1
        while before != self._state.offset:
            before = self._state.offset
            total += self.poll()
        self._tell_row(urgent=True)
        return total

    def _read(self) -> list[bytes]:
        """Whole lines after the stored offset; a line longer than a batch is read whole."""
        limit = READ_BYTES
        try:
            with self.run_dir.events.open("rb") as file:
                while True:
                    file.seek(self._state.offset)
                    body = file.read(limit)
                    lines, _ = whole_lines(body)
                    if lines or len(body) < limit or limit >= LONGEST_LINE:
                        return lines
                    limit *= 4
        except FileNotFoundError:
            return []

    def _store(self, rows: Rows, after: State) -> bool:
        """One transaction: rows, then how far the file is stored. False if somebody else stored it first."""
        if after.offset == self._state.offset:
            return False
        figures = _figure_bodies(self.run_dir, rows)
        writer, self._writer = self._writer, Writer(self.run_id)  # a rollback must leave none that remembers too much
        with transaction.atomic():
            stored = Run.objects.select_for_update().only("offset", "seq").get(pk=self.run_id)
            if (stored.offset, stored.seq) != (self._state.offset, self._state.seq):
                self._state = _stored_state(self.run_id)
                return False
            after = self._write(rows, after, writer, figures)
        self._state, self._writer = after, writer
        self._row_changed = True
        return True

    def _write(self, rows: Rows, after: State, writer: Writer, figures: list[Figure]) -> State:
        more: dict[str, Any] = {}
        if rows.drop_after is not None:
            writer.drop_after(rows.drop_after)
            Figure.objects.filter(run_id=self.run_id, step__gt=rows.drop_after).delete()
        writer.append(rows.points)
        if rows.drop_after is not None:
            after = replace(after, **history.retold(self.run_id, after.metric_info))
        if rows.drop_after is not None or history.SPARKLINE in rows.points:
            more["sparkline"] = history.sparkline(self.run_id)
        if rows.n:
            replay.keep(self.run_id, rows.seq0, rows.n, rows.body)
        _store_logs(self.run_id, rows)
        _store_figures(self.run_id, figures)
        Run.objects.filter(pk=self.run_id).update(heard=Now(), **after.changes(self._state), **more)
        return after

    def _tell(self, push: Push | None) -> None:
        if push is None:
            return
        push_events(self.run_id, push.lines, push.seq0, push.seq)
        if push.urgent:
            self._tell_row(urgent=True)

    def _tell_row(self, *, urgent: bool = False) -> None:
        """The row changes with nearly every batch; pages need it once a second."""
        now = time.monotonic()
        if self._row_changed and (urgent or now - self._row_pushed >= ROW_PUSH_SECONDS):
            self._row_changed, self._row_pushed = False, now
            push_run(self.run_id)


@lru_cache(maxsize=1024)
def _tell_damage(run_id: str, seq: int, damage: str) -> None:
    """Once, however often it is met again."""
    log.error("Run %s: event %s cannot be read: %s. Nothing after it is stored.", run_id, seq, damage)


def _stored_state(run_id: str) -> State:
    """Where the database stands. Of a run that is marked running, whether its trainer has ended since is read too."""
    run = Run.objects.only("status", *ROW_FIELDS).get(pk=run_id)
    state = State(**{name: getattr(run, name) for name in ROW_FIELDS})
    if run.status != status.RUNNING:
        return state
    last = replay.last_event(run_id)
    end = {key: last.get(key) for key in ("status", "reason", "field", "t")} if last and last["kind"] == "end" else None
    return replace(state, started=True, end=end)


def _figure_bodies(run_dir: RunDir, rows: Rows) -> list[Figure]:
    """The figures as their files have them now. One that is not JSON, or is gone, is left out: a newer one may come."""
    figures = []
    for event in rows.figures.values():
        path = run_dir.figures / Path(event["file"]).name
        try:
            body = _figure_body(path)
        except (OSError, ValueError) as error:
            log.warning("Figure %s cannot be read from %s: %s", event["name"], path, error)
            continue
        figures.append(Figure(name=event["name"], step=event["step"], summary=str(event["summary"]), body=body))
    return figures


def _figure_body(path: Path) -> dict[str, Any]:
    """Raises OSError, or ValueError for what is no figure."""
    if not path.is_file():
        raise FileNotFoundError("it is no plain file")
    if path.stat().st_size > LONGEST_FIGURE:
        raise ValueError(f"it has more than {LONGEST_FIGURE:,} bytes")
    body = storable(orjson.loads(path.read_bytes()))
    if not isinstance(body, dict):
        raise ValueError("it holds no object")
    return body


def _store_figures(run_id: str, figures: list[Figure]) -> None:
    for figure in figures:
        figure.run_id = run_id
    Figure.objects.bulk_create(
        figures, update_conflicts=True, unique_fields=["run", "name"], update_fields=["step", "summary", "body"]
    )


def _store_logs(run_id: str, rows: Rows) -> None:
    LogLine.objects.bulk_create(
        LogLine(
            run_id=run_id, seq=line["seq"], t=line["t"], level=line["level"][:8], text=line["text"].replace("\0", "")
        )
        for line in rows.logs
    )

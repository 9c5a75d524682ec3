"""The janitor: finds runs whose worker is gone, says so, and rings for runs that wait. Several may run."""

from __future__ import annotations

import logging
import shutil
import socket
import threading
import time
from collections.abc import Callable, Mapping
from datetime import timedelta

from django.conf import settings
from django.db import close_old_connections, connection
from django.db.models import Count
from django.db.models.functions import Now
from django.db.utils import DatabaseError

from ffweb.runs import status
from ffweb.runs.models import Run
from ffweb.runs.transitions import move
from ffweb.work import lease
from ffweb.work.bell import ring
from ffweb.work.ending import Ending, from_event
from ffweb.work.launch import end_orphans, tail
from trainer.rundir import RunDir

log = logging.getLogger(__name__)

SWEEP_SECONDS = 2.0
RING_SECONDS = 10.0
PURGE_SECONDS = 3600.0
MOST_BELLS = 16
SECOND_LOOK = timedelta(hours=1)  # a run that was called lost may turn out to have ended well

Told = Callable[[str], str | None]
"""How a worker of this machine ended last, if its supervisor knows: asked by node name."""


class Janitor:
    """Call `run` in a thread, or its parts one by one."""

    def __init__(self, told: Told = lambda node: None, clock: Callable[[], float] = time.time) -> None:
        self._told = told
        self._clock = clock
        self._host = socket.gethostname()

    def run(self, stop: threading.Event) -> None:
        """Sweep every two seconds until `stop` is set."""
        last = {self.ring: 0.0, self.look_again: 0.0, self.purge: time.monotonic()}
        rhythm = {self.ring: RING_SECONDS, self.look_again: RING_SECONDS, self.purge: PURGE_SECONDS}
        asleep_since = self._clock()
        while not stop.is_set():
            if self._clock() - asleep_since > settings.LEASE_SECONDS:  # the machine slept: let workers renew first
                stop.wait(settings.LEASE_SECONDS)
            self._try(self.sweep)
            for job, then in last.items():
                if time.monotonic() - then >= rhythm[job]:
                    last[job] = time.monotonic()
                    self._try(job)
            asleep_since = self._clock()
            stop.wait(SWEEP_SECONDS)
        connection.close()

    def _try(self, job: Callable[[], object]) -> None:
        close_old_connections()
        try:
            job()
        except DatabaseError as error:  # busy or restarting: the next round does it
            log.warning("The janitor could not reach the database: %s", error)
            connection.close()

    def sweep(self) -> list[str]:
        """Clear up every run whose lease has expired; returns those that were this janitor's."""
        taken = [mine.run_id for run_id in lease.expired() if (mine := lease.take_over(run_id))]
        runs = list(Run.objects.filter(pk__in=taken))
        # Nobody kills a trainer but its worker, and the janitor of its own host.
        here = [(run.trainer_pid, run.trainer_started) for run in runs if run.host == self._host]
        ended = end_orphans((pid, started) for pid, started in here if pid and started)
        for run in runs:
            self._bury(run, run.trainer_pid in ended)
        return taken

    def _bury(self, run: Run, ended: bool) -> None:
        end = catch_up(run)
        ending = from_event(end) if end else Ending(status.LOST, self._cause(run, ended))
        console = tail(RunDir(settings.RUNS_DIR / run.pk).console)
        said = {"reason": ending.reason, "field": ending.field, "console_tail": console, "trainer_pid": None}
        if move(run.pk, status.OWNED, ending.status, **said):
            log.warning("Run %s is %s: %s", run.pk, ending.status, ending.reason)

    def _cause(self, run: Run, ended: bool) -> str:
        told = self._told(run.worker)
        cause = f"Its worker {run.worker} {told}." if told else f"No sign of life from its worker {run.worker}."
        orphan = " Its trainer, left behind, was ended." if ended else ""
        kept = f" The checkpoint of step {run.checkpoint_step} is kept." if run.checkpoint_step is not None else ""
        return cause + orphan + kept

    def look_again(self) -> None:
        """A run that was called lost, but whose events file now says how it ended, says that instead."""
        lost = Run.objects.filter(status=status.LOST, ended__gt=Now() - SECOND_LOOK)
        for run in lost:
            if end := catch_up(run):
                ending = from_event(end)
                move(run.pk, [status.LOST], ending.status, reason=ending.reason, field=ending.field)

    def ring(self) -> None:
        """Ring for runs that wait: Redis may have been away, or empty after a restart."""
        waiting = Run.objects.filter(status=status.QUEUED, deleted_at=None).order_by().values_list("queue")
        for queue, count in waiting.annotate(Count("pk")):
            ring(queue, min(count, MOST_BELLS))

    def purge(self) -> None:
        """Drop for good what was deleted long ago."""
        from ffweb.runs.services import purge  # with the whole configuration: a janitor at rest does without

        for run_id in purge():
            shutil.rmtree(settings.RUNS_DIR / run_id, ignore_errors=True)


def catch_up(run: Run) -> Mapping[str, object] | None:
    """Store the rest of a run's events; returns the `end` event of its last trainer if there is one."""
    from ffweb.live.follow import Follower  # with the store and numpy: a janitor at rest does without

    follower = Follower(run.pk, settings.RUNS_DIR / run.pk)
    try:
        follower.drain()
    except DatabaseError:
        raise
    except Exception:
        # A file that cannot be understood must not keep its run from being called lost.
        log.exception("The events of run %s could not be stored to their end.", run.pk)
        return None
    return follower.end

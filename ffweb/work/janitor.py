"""The janitor: finds runs whose worker is gone, says so, and rings for runs that wait. Several may run."""

from __future__ import annotations

import logging
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from functools import partial
from typing import TypeVar

from django.conf import settings
from django.db import close_old_connections, connection
from django.db.models import Count
from django.db.models.functions import Now
from django.db.utils import DatabaseError, DataError, IntegrityError

from ffweb.runs import status
from ffweb.runs.models import Run
from ffweb.runs.transitions import give_up, move
from ffweb.work import home, lease, presence, processes
from ffweb.work.bell import ring
from ffweb.work.ending import REQUEUED, Ending, WorkerEnd, from_event, of_abandoned
from ffweb.work.launch import tail
from ffweb.work.watch import Watch
from trainer.rundir import RunDir

log = logging.getLogger(__name__)
Answer = TypeVar("Answer")

SWEEP_SECONDS = 1.0
RING_SECONDS = 10.0
PURGE_SECONDS = 3600.0
GRUMBLE_SECONDS = 60.0
MOST_BELLS = 16
SECOND_LOOK = timedelta(hours=1)  # a run that was called lost may turn out to have ended well
STALE_SECONDS = 4.0  # two beats: from here on the database has to prove that it takes what workers write
QUICK_SECONDS = 1.0
ORPHAN_SECONDS = 1.0  # a trainer whose worker is gone has had its time
FOREIGN_SECONDS = 2.0  # a run's own host, which can end its trainer, goes first

Told = Callable[[str], WorkerEnd | None]
"""How a worker of this machine ended last, if its supervisor knows: asked by node name."""


class Janitor:
    """Call `run` in a thread, or its parts one by one."""

    def __init__(self, told: Told = lambda node: None, clock: Callable[[], float] = time.monotonic) -> None:
        self._told = told
        self._watch: Watch[str] = Watch(clock)
        self._host = socket.gethostname()
        self._grumbled = -GRUMBLE_SECONDS

    def run(self, stop: threading.Event) -> None:
        """Sweep every second until `stop` is set."""
        last = {self.ring: 0.0, self.look_again: 0.0, self.purge: time.monotonic()}
        rhythm = {self.ring: RING_SECONDS, self.look_again: RING_SECONDS, self.purge: PURGE_SECONDS}
        while not stop.is_set():
            if self._try(self._sees_runs):
                self._try(self.sweep)
                for job, then in last.items():
                    if time.monotonic() - then >= rhythm[job]:
                        last[job] = time.monotonic()
                        self._try(job)
            stop.wait(SWEEP_SECONDS)
        connection.close()

    def once(self) -> None:
        """As long a look as it takes to know which leases nobody renews, and a ring."""
        deadline = time.monotonic() + settings.LEASE_SECONDS + FOREIGN_SECONDS + SWEEP_SECONDS
        while time.monotonic() < deadline and self._sees_runs():
            self.sweep()
            time.sleep(SWEEP_SECONDS)
        self.ring()

    def _try(self, job: Callable[[], Answer]) -> Answer | None:
        close_old_connections()
        try:
            return job()
        except DatabaseError as error:  # busy or restarting: the next round does it
            log.warning("The janitor could not reach the database: %s", error)
            self._watch.forget()
            connection.close()
        except Exception:  # a defect in one job must not take the others
            log.exception("The janitor failed at %s.", job)
        return None

    def _sees_runs(self) -> bool:
        """Whether this machine sees the folders of the runs; without them it could only do damage."""
        if (why := home.missing()) is None:
            return True
        if time.monotonic() - self._grumbled >= GRUMBLE_SECONDS:
            self._grumbled = time.monotonic()
            log.error("Runs are not looked after here. %s", why)
        return False

    def sweep(self) -> list[str]:
        """Clear up after every lease that nobody renews any more; returns the runs that were this janitor's."""
        taken = [old.run_id for old in self._dead() if lease.take_over(old)]
        runs = list(Run.objects.filter(pk__in=taken))
        frozen = [run for run in runs if run.host == self._host and presence.lives(run.worker, run.host)]
        gone = [run for run in runs if run not in frozen]
        # Nobody kills a trainer but its worker, and the janitor of its own host.
        orphans = _end([run for run in gone if run.host == self._host], ORPHAN_SECONDS)
        for run in gone:
            self._apart(run, partial(self._bury, run, run.trainer_pid in orphans))
        healthy = _end(frozen, settings.STOP_GRACE_SECONDS)
        for run in frozen:
            free = run.trainer_pid is None or run.trainer_pid in healthy
            self._apart(run, partial(self._set_free, run) if free else partial(self._bury, run, ended=False))
        return taken

    def _apart(self, run: Run, clear_up: Callable[[], None]) -> None:
        """What is odd about one run must keep neither the others nor itself from their end."""
        try:
            clear_up()
        except Exception as error:
            if away(error):
                raise
            log.exception("Run %s could not be cleared up.", run.pk)
            give_up(run.pk, _cause(run, None, ended=False))

    def _dead(self) -> list[lease.Held]:
        """Leases that have stayed as they are for longer than they last, while they could have been renewed."""
        held = lease.held()
        still = self._watch.look(held)
        if any(seconds >= STALE_SECONDS for seconds in still.values()) and not home.takes_writes(QUICK_SECONDS):
            self._watch.forget()
            return []
        return [old for run_id, old in held.items() if still[run_id] >= self._patience(old)]

    def _patience(self, old: lease.Held) -> float:
        return old.seconds + (0.0 if old.host == self._host else FOREIGN_SECONDS)

    def _bury(self, run: Run, ended: bool) -> None:
        told = self._told(run.worker)
        if told and told.ours:
            self._set_free(run)
            return
        end = catch_up(run)
        by_itself = end is not None and (end.get("status") != status.STOPPED or run.stop_requested)
        self._settle(run, from_event(end) if end and by_itself else Ending(status.LOST, _cause(run, told, ended)))

    def _set_free(self, run: Run) -> None:
        """A healthy run that we took from its worker goes back to the queue, unless it had ended by itself."""
        unwanted = run.stop_requested or run.deleted_at is not None
        self._settle(run, of_abandoned(catch_up(run), run.worker, stop=unwanted))

    def _settle(self, run: Run, ending: Ending) -> None:
        console = tail(RunDir(settings.RUNS_DIR / run.pk).console)
        said = {"reason": ending.reason, "field": ending.field, "console_tail": console, "trainer_pid": None}
        again = REQUEUED if ending.status == status.QUEUED else {}
        if move(run.pk, status.OWNED, ending.status, **said, **again):
            log.warning("Run %s is %s: %s", run.pk, ending.status, ending.reason)
        if again:
            ring(run.queue)

    def look_again(self) -> None:
        """A run that was called lost, but whose events file now says how it ended, says that instead."""
        lost = Run.objects.filter(status=status.LOST, ended__gt=Now() - SECOND_LOOK)
        for run in lost:
            end = catch_up(run)
            if end and end.get("status") != status.STOPPED:  # nobody stopped it: its trainer ended without its worker
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


def away(error: Exception) -> bool:
    """Whether it is the database that cannot be used, and not what was to be written."""
    return isinstance(error, DatabaseError) and not isinstance(error, IntegrityError | DataError)


def _end(runs: Iterable[Run], seconds: float) -> set[int]:
    """End the trainers of these runs; returns the pids of those that still ran."""
    trainers = ((r.trainer_pid, r.trainer_started) for r in runs)
    return processes.end(((pid, birth) for pid, birth in trainers if pid and birth), seconds)


def _cause(run: Run, told: WorkerEnd | None, ended: bool) -> str:
    cause = f"Its worker {run.worker} {told.how}." if told else f"No sign of life from its worker {run.worker}."
    orphan = " Its trainer, left behind, was ended." if ended else ""
    kept = f" The checkpoint of step {run.checkpoint_step} is kept." if run.checkpoint_step is not None else ""
    return cause + orphan + kept


def catch_up(run: Run) -> Mapping[str, object] | None:
    """Store the rest of a run's events; returns the `end` event of its last trainer if there is one."""
    from ffweb.live.follow import Follower  # with the store and numpy: a janitor at rest does without

    follower = Follower(run.pk, settings.RUNS_DIR / run.pk)
    try:
        follower.drain()
    except Exception as error:
        if away(error):
            raise
        # A file that cannot be understood must not keep its run from being called lost.
        log.exception("The events of run %s could not be stored to their end.", run.pk)
        return None
    return follower.end

"""Attending a run: start its trainer, follow its events, keep its lease, hear a stop, say how it ended."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import ParamSpec

from django.conf import settings
from django.db import connection
from django.db.utils import DatabaseError, DataError, IntegrityError

from ffweb.live import replay
from ffweb.live.follow import Follower
from ffweb.runs import status
from ffweb.runs.models import Run
from ffweb.runs.transitions import move
from ffweb.work.ending import OUT_OF_SIGHT, REQUEUED, Asked, Ending, not_gone_on, of_trainer, unreadable
from ffweb.work.launch import Trainer
from ffweb.work.lease import Lease
from trainer.rundir import RunDir

log = logging.getLogger(__name__)
P = ParamSpec("P")

POLL_SECONDS = 0.05  # from event to page: half of this on average, and what Redis and the socket take
LOOK_SECONDS = 0.25  # how often the row is read for a wish to stop
INSIST_SECONDS = 8.0  # how long a database that is away is waited for at the end of a run
GRUMBLE_SECONDS = 10.0  # a database that is away is asked twenty times a second
INTERRUPT_GRACE_SECONDS = 5.0  # a worker that is shut down must itself be gone within ten seconds

shutting_down = threading.Event()
"""Set when this worker process was told to end: its runs are checkpointed and go back to the queue."""


class LeaseLost(Exception):
    """Somebody else has the run: it is not ours to write to any more."""


class Every:
    """True at most once in `seconds`."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._next = 0.0

    def due(self) -> bool:
        now = time.monotonic()
        if now < self._next:
            return False
        self._next = now + self._seconds
        return True


class Attendance:
    """One run from claim to end."""

    def __init__(self, lease: Lease) -> None:
        self._lease = lease
        self._run = Run.objects.get(pk=lease.run_id)
        self._folder = RunDir(settings.RUNS_DIR / lease.run_id)
        self._follower = Follower(lease.run_id, self._folder.path)
        self._asked = Asked.NOTHING
        self._kill_at = float("inf")
        self._beat, self._look = Every(settings.BEAT_SECONDS), Every(LOOK_SECONDS)
        self._grumble = Every(GRUMBLE_SECONDS)
        self._running = self._resumed = False

    def attend(self) -> None:
        """Do all of it. The run has a final status, or is queued again, or is not ours any more when this returns."""
        if why := self._gone():
            self.settle(Ending(status.FAILED, why))
            return
        self._insistently(self._renew)  # a worker that was frozen since its claim has lost it
        try:
            self._resumed = self._goes_on()
            trainer = Trainer(self._folder, self._run.config, self._run.queue, resume=self._resumed)
        except OSError as error:
            why = f"The trainer could not be started: {error.strerror} ({error.filename})."
            self.settle(Ending(status.FAILED, why))
            return
        try:
            code = self._follow(trainer)
            trainer.kill()
            self._conclude(trainer, code)
        finally:
            trainer.kill()

    def _gone(self) -> str:
        """Why an earlier trainer's work cannot be gone on with, as a sentence; empty where it can."""
        events = self._folder.events
        size = events.stat().st_size if events.exists() else 0
        if size >= self._run.offset:
            return ""
        lack = f"holds {size:,} of the {self._run.offset:,} bytes stored" if size else "is not there"
        return f"What this run had done cannot be gone on with: {events} {lack}. Put its folder back or clone the run."

    def _goes_on(self) -> bool:
        """Whether an earlier trainer wrote events here: the next one goes on after them, from the checkpoint if any."""
        events = self._folder.events
        return events.exists() and events.stat().st_size > 0

    def _follow(self, trainer: Trainer) -> int:
        """Until the trainer is gone; returns its exit status."""
        while (code := trainer.wait(POLL_SECONDS)) is None:
            self._patiently(self._step, trainer)
            if time.monotonic() > self._kill_at:
                trainer.kill()
        return code

    def _step(self, trainer: Trainer) -> None:
        trainer.bound_console()
        if self._beat.due():
            self._renew(trainer_pid=trainer.pid, trainer_started=trainer.birth, resume_wanted=False)
        self._store(self._follower.poll)
        self._hear(trainer)

    def _renew(self, **fields: object) -> None:
        """Hold the lease, or again what was called lost while this machine could not say that it is well."""
        if self._lease.renew(**fields):
            return
        if not self._lease.take_back(**fields):
            raise LeaseLost
        log.warning("Run %s had been called lost; it goes on here.", self._lease.run_id)
        self._follower = Follower(self._lease.run_id, self._folder.path)  # a janitor may have stored events

    def _store(self, take: Callable[[], object]) -> None:
        take()
        if self._follower.started and not self._running:
            self._running = move(self._lease.run_id, [status.STARTING], status.RUNNING)

    def _hear(self, trainer: Trainer) -> None:
        """Pass a wish on to the trainer: somebody pressed stop, or this worker is being shut down."""
        if self._asked is Asked.NOTHING and self._look.due() and self._stop_requested():
            self._ask(trainer, Asked.STOP, settings.STOP_GRACE_SECONDS)
        if self._asked is Asked.NOTHING and shutting_down.is_set():
            self._ask(trainer, Asked.INTERRUPT, INTERRUPT_GRACE_SECONDS)
        if shutting_down.is_set():  # whoever asked first: there is less time now
            self._kill_at = min(self._kill_at, time.monotonic() + INTERRUPT_GRACE_SECONDS)

    def _ask(self, trainer: Trainer, asked: Asked, grace: float) -> None:
        self._asked = asked
        self._kill_at = time.monotonic() + grace
        trainer.ask_to_stop()

    def _stop_requested(self) -> bool:
        return Run.objects.filter(pk=self._lease.run_id, stop_requested=True).exists()

    def _conclude(self, trainer: Trainer, code: int) -> None:
        console = trainer.console_tail()
        if not self._insistently(self._catch_up):
            return  # the database is away: the janitor will find the lease expired, and the last event in the file
        oom, full = trainer.out_of_memory(), trainer.disk_full()
        ending = of_trainer(self._follower.end, code, self._asked, oom=oom, console=console, full=full)
        if self._asked is not Asked.STOP and not self._folder.path.is_dir():
            ending = Ending(status.QUEUED, OUT_OF_SIGHT.format(self._run.worker))
        elif self._follower.end is None and self._follower.damage:
            ending = unreadable(self._follower.damage)
        elif self._resumed and not self._follower.started:
            ending = not_gone_on(replay.last_event(self._lease.run_id), ending)
        self.settle(ending, console)

    def _catch_up(self) -> None:
        """Store the events to their end, however many are left; the lease is kept meanwhile."""
        while self._follower.poll():
            if self._beat.due():
                self._renew()
        self._store(self._follower.drain)

    def settle(self, ending: Ending, console: str = "") -> None:
        """Move to the final status, if the lease is still ours."""
        again = REQUEUED if ending.status == status.QUEUED else {}
        self._insistently(self._move, ending, console, again)

    def _move(self, ending: Ending, console: str, again: dict[str, object]) -> None:
        self._renew()
        said = {"reason": ending.reason, "field": ending.field, "console_tail": console, "trainer_pid": None}
        move(self._lease.run_id, status.OWNED, ending.status, **said, **again)

    def _insistently(self, do: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> bool:
        """Do it, again and again while the database is away, for nearly a lease time. False: it could not be done."""
        deadline = time.monotonic() + INSIST_SECONDS
        while not self._patiently(do, *args, **kwargs):
            if time.monotonic() > deadline:
                return False
            time.sleep(LOOK_SECONDS)
        return True

    def _patiently(self, do: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> bool:
        """Do it unless the database is busy or away: then False, and the caller comes back."""
        try:
            do(*args, **kwargs)
        except (IntegrityError, DataError):  # about what was to be written: another try would not help
            raise
        except DatabaseError as error:
            if self._grumble.due():
                log.warning("Run %s: the database did not answer (%s); trying again.", self._lease.run_id, error)
            connection.close_if_unusable_or_obsolete()
            return False
        return True

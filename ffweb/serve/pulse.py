"""Notices services that live and do not answer: they are ended, and then started again as those that died.

Each service has a question (`Service.alive`). A machine that sleeps or is busy answers late; only one that stays silent
for many questions in a row has hung.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from datetime import datetime

from django.db import connections
from django.db.utils import DatabaseError

from ffweb.serve.child import Child
from ffweb.work import home
from ffweb.work.models import Worker

log = logging.getLogger(__name__)

ASK_SECONDS = 5.0  # between two rounds of questions
MOST_SILENT = 6  # questions without an answer: half a minute or more
QUICK_SECONDS = 1.0


class Pulse(threading.Thread):
    """Asks every few seconds until `stop` is set; a service that was never ready is not asked."""

    def __init__(self, children: Sequence[Child], stop: threading.Event, pause: float = ASK_SECONDS) -> None:
        super().__init__(name="pulse", daemon=True)
        self._children = children
        self._stop_asking = stop
        self._pause = pause
        self._silent: dict[int, int] = {}  # by process, so that a new one begins anew

    def run(self) -> None:
        while not self._stop_asking.wait(self._pause):
            try:
                self.ask()
            except Exception:  # a question that fails must not end all questions
                log.exception("The services could not be asked whether they are well.")
        connections.close_all()

    def ask(self) -> None:
        """One round: whoever does not answer is silent once more, whoever cannot be judged begins anew."""
        silent: dict[int, int] = {}
        for child in self._children:
            process = child.process
            if process is None or not child.was_ready or child.service.alive is None:
                continue
            if child.service.alive() is False:
                silent[process.pid] = self._silent.get(process.pid, 0) + 1
            if silent.get(process.pid, 0) >= MOST_SILENT:
                child.end_hung(process)
        self._silent = silent


class WorkerRow:
    """The question of a worker: has it renewed its row since? None while the database takes no writes."""

    def __init__(self, node: str) -> None:
        self._node = node
        self._seen: datetime | None = None

    def __call__(self) -> bool | None:
        try:
            if not home.takes_writes(QUICK_SECONDS):
                return None
            seen = Worker.objects.filter(name=self._node).values_list("seen", flat=True).first()
        except DatabaseError:
            connections.close_all()
            return None
        changed, self._seen = seen != self._seen, seen
        return changed

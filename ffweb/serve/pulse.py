"""Notices services that live and do not answer: they are ended, and then started again as those that died.

Each service has a question (`Service.alive`). On a machine that sleeps or is busy it answers late; who stays silent for
half a minute of questions has hung.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence

from ffweb.serve.child import Child
from ffweb.work.watch import Watch

log = logging.getLogger(__name__)

ASK_SECONDS = 2.0  # between two rounds of questions
HUNG_SECONDS = 30.0  # of watched silence
LONGEST_GAP = 10.0  # between two rounds: an answer is waited for, one service after another


class Pulse(threading.Thread):
    """Asks every few seconds until `stop` is set; a service that was never ready is not asked."""

    def __init__(
        self, children: Sequence[Child], stop: threading.Event, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(name="pulse", daemon=True)
        self._children = children
        self._stop_asking = stop
        self._watch: Watch[int] = Watch(clock, LONGEST_GAP)
        self._answers: dict[int, int] = {}  # of each process so far

    def run(self) -> None:
        while not self._stop_asking.wait(ASK_SECONDS):
            try:
                self.ask()
            except Exception:  # a question that fails must not end all questions
                log.exception("The services could not be asked whether they are well.")

    def ask(self) -> None:
        """One round. Who cannot be judged is taken to be well."""
        asked = [(child, child.process) for child in self._children if child.was_ready and child.service.alive]
        running = {process.pid: (child, process) for child, process in asked if process is not None}
        self._answers = {
            pid: self._answers.get(pid, 0) + (child.service.alive is None or child.service.alive() is not False)
            for pid, (child, _) in running.items()
        }
        for pid, seconds in self._watch.look(self._answers).items():
            if seconds >= HUNG_SECONDS:
                child, process = running[pid]
                child.end_hung(process)

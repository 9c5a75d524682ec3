"""The only task: answer the bell. It claims the oldest queued run of its queue, attends it, and looks for the next."""

from __future__ import annotations

import logging
import socket
from typing import Any

from ffweb.celery import app
from ffweb.runs import status
from ffweb.work import (
    home,
    lifecycle,  # noqa: F401  its receivers belong to every worker
)
from ffweb.work.attend import Attendance, LeaseLost, shutting_down
from ffweb.work.bell import CLAIM
from ffweb.work.ending import Ending
from ffweb.work.lease import Lease, claim_oldest

log = logging.getLogger(__name__)


def answer(self: Any) -> None:
    """Work through the queue that the bell was rung for. A bell too many finds nothing and ends."""
    queue = self.request.delivery_info["routing_key"]
    while not shutting_down.is_set():
        if why := home.missing():
            log.error("No run is taken here. %s", why)
            return
        lease = claim_oldest(queue, worker=self.request.hostname, host=socket.gethostname())
        if lease is None:
            return
        attend(lease)


claim = app.task(name=CLAIM, bind=True)(answer)


def attend(lease: Lease) -> None:
    """Attend one run; whatever goes wrong in the worker itself, the run says so and the worker lives on."""
    attendance = Attendance(lease)
    try:
        attendance.attend()
    except LeaseLost:
        log.warning("Run %s was taken away: its lease had expired.", lease.run_id)
    except Exception as error:
        # A defect here must not leave a run that says "running" and takes the worker from all others.
        log.exception("Run %s could not be attended.", lease.run_id)
        attendance.settle(Ending(status.FAILED, f"The worker could not follow it: {type(error).__name__}: {error}"))

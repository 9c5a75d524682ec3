"""What a worker process does beside its task: says that it is there, and gives its runs back when it has to end."""

from __future__ import annotations

import os
from typing import Any

from celery.signals import worker_ready, worker_shutdown, worker_shutting_down

from ffweb.work.attend import shutting_down
from ffweb.work.presence import Presence

_present: list[Presence] = []


def arrive(sender: Any, **kwargs: Any) -> None:
    """The worker consumes from its queue now."""
    queue = next(iter(sender.app.amqp.queues.consume_from))
    slots = int(os.environ.get("FFWEB_WORKER_SLOTS") or sender.controller.concurrency or 1)
    _present.append(Presence(sender.hostname, queue, slots))
    _present[0].start()


def give_back(**kwargs: Any) -> None:
    """SIGTERM: Celery would wait for the task, which lasts as long as a run; let the runs go back to the queue."""
    shutting_down.set()


def leave(**kwargs: Any) -> None:
    while _present:
        _present.pop().leave()


worker_ready.connect(arrive)
worker_shutting_down.connect(give_back)
worker_shutdown.connect(leave)

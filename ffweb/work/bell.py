"""The bell: a Celery message without content that makes a worker look for queued runs."""

from __future__ import annotations

import logging

from kombu.exceptions import KombuError
from redis.exceptions import RedisError

from ffweb.celery import app

log = logging.getLogger(__name__)

CLAIM = "ffweb.work.claim"
EXPIRES_SECONDS = 60.0  # the janitor rings again every ten seconds; old bells need not be answered


def ring(queue: str, times: int = 1) -> bool:
    """Wake `times` workers of `queue`. Never raises: the runs wait in the database, and the janitor rings again.

    False when Redis could not be reached.
    """
    try:
        with app.producer_pool.acquire(block=True, timeout=2.0) as producer:
            for _ in range(times):
                app.send_task(CLAIM, queue=queue, expires=EXPIRES_SECONDS, retry=False, producer=producer)
    except (KombuError, RedisError, OSError) as error:
        log.warning("The bell of queue %s could not be rung (%s); the janitor will ring again.", queue, error)
        return False
    return True

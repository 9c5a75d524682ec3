"""A worker process: `python -m ffweb.work.worker NODE QUEUE SLOTS`.

The same as `celery -A ffweb.celery worker -P threads -n NODE -Q QUEUE -c SLOTS`, which works too, without what
Celery's command line imports: that takes most of a second and 12 MB.
"""

from __future__ import annotations

import faulthandler
import signal
import sys

from ffweb.celery import app
from ffweb.work import beat


def main() -> None:
    faulthandler.register(signal.SIGUSR1)  # where it hangs, for the supervisor that is about to end it
    beat.begin()
    node, queue, slots = sys.argv[1:]
    worker = app.Worker(
        hostname=node,
        queues=[queue],
        concurrency=int(slots),
        pool="threads",  # a task only looks after another process
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
        loglevel="WARNING",
        quiet=True,
    )
    worker.start()
    sys.exit(worker.exitcode)


if __name__ == "__main__":
    main()

"""Which workers are there: each worker process keeps its row fresh."""

from __future__ import annotations

import importlib.util
import logging
import os
import platform
import socket
import threading
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import close_old_connections, connection
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.db.utils import DatabaseError

from ffweb.work import home
from ffweb.work.clock import seconds_from_now
from ffweb.work.machine import GPU
from ffweb.work.models import Worker
from ffweb.work.processes import born, runs
from trainer.estimate import available_memory

log = logging.getLogger(__name__)

SEEN_SECONDS = 60.0
RAPL = Path("/sys/class/powercap/intel-rapl:0/energy_uj")


def present() -> QuerySet[Worker]:
    """The workers seen within the last minute, those too that take no runs (`trouble` says why)."""
    return Worker.objects.filter(seen__gt=seconds_from_now(-SEEN_SECONDS)).order_by("name")


def workers() -> list[Worker]:
    """The workers seen within the last minute that take runs."""
    return list(present().filter(trouble=""))


def lives(node: str, host: str) -> bool:
    """Whether the process of a worker of this machine is there, well or frozen."""
    worker = Worker.objects.filter(name=node, host=host).first()
    return worker is not None and runs(worker.pid, worker.pid_started)


def gpu_seen() -> bool:
    """Whether a worker of the gpu queue was seen within the last minute."""
    return present().filter(queue=GPU, trouble="").exists()


def meters(queue: str) -> dict[str, str | int | None]:
    """What can be measured beside the run itself (the source of energy figures), and how many bytes a run may take.

    Memory is that of an idle worker: what a run takes now is free again when the next one starts.
    """
    if queue == GPU and (boards := os.environ.get("CUDA_VISIBLE_DEVICES")):
        memory = board_memory(boards.split(",")[0].strip()) if importlib.util.find_spec("pynvml") else None
        return {"energy": "NVML" if memory else None, "memory_bytes": memory}
    return {"energy": "RAPL" if os.access(RAPL, os.R_OK) else None, "memory_bytes": available_memory()}


def board_memory(board: str) -> int | None:
    """Bytes of a GPU by its NVML index or UUID; None where NVML does not answer."""
    import pynvml

    try:
        pynvml.nvmlInit()
        by_index = board.isdigit()
        handle = pynvml.nvmlDeviceGetHandleByIndex(int(board)) if by_index else pynvml.nvmlDeviceGetHandleByUUID(board)
        return int(pynvml.nvmlDeviceGetMemoryInfo(handle).total)
    except pynvml.NVMLError as error:
        log.warning("NVML does not tell the memory of GPU %s: %s", board, error)
        return None


class Presence(threading.Thread):
    """Writes this worker's row every two seconds until `leave()`, which removes it."""

    def __init__(self, node: str, queue: str, slots: int) -> None:
        super().__init__(name="presence", daemon=True)
        self._node = node
        self._leaving = threading.Event()
        self._fields: dict[str, Any] = {
            "queue": queue,
            "host": socket.gethostname(),
            "device": os.environ.get("FFWEB_WORKER_DEVICE") or f"{queue} {platform.machine()}",
            "slots": slots,
            "meters": meters(queue),
            "pid": os.getpid(),
            "pid_started": born(os.getpid()),
        }

    def run(self) -> None:
        while not self._leaving.is_set():
            self._report()
            self._leaving.wait(settings.BEAT_SECONDS)
        connection.close()

    def _report(self) -> None:
        close_old_connections()
        try:
            now = self._fields | {"seen": Now(), "trouble": home.missing() or ""}
            if not Worker.objects.filter(name=self._node).update(**now):
                Worker.objects.update_or_create(name=self._node, defaults=now)
        except DatabaseError as error:  # busy or restarting: the next beat tries again
            log.warning("Could not report to the database: %s", error)

    def leave(self) -> None:
        self._leaving.set()
        if self.is_alive():
            self.join(timeout=2 * settings.BEAT_SECONDS)
        try:
            Worker.objects.filter(name=self._node).delete()
        except DatabaseError as error:
            log.warning("Could not sign off from the database: %s", error)

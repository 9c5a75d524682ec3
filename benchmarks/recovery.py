"""What a `kill -9` costs: of the worker and the trainer together, of the trainer alone. Real site, real training."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import psutil

from benchmarks.harness import Row
from benchmarks.site import ROOT, serve
from trainer.events import read_events

POINTS = 50


class Api:
    """The site's HTTP API, as its first account."""

    def __init__(self, home: Path, url: str) -> None:
        made = subprocess.run(
            [sys.executable, "manage.py", "api_token", "admin"],
            cwd=ROOT,
            env=os.environ | {"FFWEB_HOME": str(home)},
            capture_output=True,
            text=True,
            check=True,
        )
        self._url, self._token = url.rstrip("/") + "/api/v1", made.stdout.splitlines()[-1]

    def __call__(self, path: str, body: object = None) -> Any:
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        with urlopen(Request(self._url + path, data, headers), timeout=10) as answer:
            return json.load(answer)

    def launch(self) -> str:
        return str(self("/runs", {"preset": "ff-digits", "set": {"schedule.epochs": 2000}})["id"])

    def stored(self, run: str) -> int:
        return int(self(f"/runs/{run}/metrics?names=train/loss")["series"]["train/loss"]["total"])


def until(true: Callable[[], bool], seconds: float) -> float:
    """Seconds until it is true; `seconds` when it never was."""
    begin = time.monotonic()
    while not true() and time.monotonic() - begin < seconds:
        time.sleep(0.02)
    return time.monotonic() - begin


def written(home: Path, run: str) -> int:
    return sum(e["kind"] == "metrics" for e in read_events(home / "runs" / run / "events.jsonl")[0])


def trainer_of(worker: int) -> int:
    (child,) = psutil.Process(worker).children()
    return child.pid


def rows() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        with serve(home) as (ready, _):
            api = Api(home, ready["url"])
            worker = next(p["pid"] for p in ready["processes"] if p["name"] == "cpu")

            run = api.launch()
            until(lambda: written(home, run) >= POINTS, 60)
            os.kill(trainer_of(worker), signal.SIGKILL)
            failed = until(lambda: bool(api(f"/runs/{run}")["status"] == "failed"), 30)

            run = api.launch()
            until(lambda: written(home, run) >= POINTS, 60)
            trainer = trainer_of(worker)
            os.kill(worker, signal.SIGKILL)
            os.kill(trainer, signal.SIGKILL)
            quiet = until(lambda: api(f"/runs/{run}")["status"] not in ("starting", "running"), 60)
            missing = written(home, run) - api.stored(run)
    return [
        Row("recovery/trainer-failed", failed, 2, "s"),
        Row("recovery/worker-lost", quiet, 15, "s"),
        Row("recovery/points-lost", missing, 0, "points"),
    ]

"""Real sites on scratch homes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import psutil

from ffweb.serve.home import read_ready
from tests.waiting import PATIENCE, wait_until

ROOT = Path(__file__).resolve().parents[2]


def running(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


class Site:
    """`manage.py serve` on a home folder of its own; what it says goes into serve.log there."""

    def __init__(self, home: Path, **env: str) -> None:
        self.home = home
        self.env = {k: v for k, v in os.environ.items() if k not in ("REDIS_URL", "DATABASE_URL", "FFWEB_DEBUG")}
        self.env |= {"FFWEB_HOME": str(home), "FFWEB_PORT": "0", "FFWEB_CPU_SLOTS": "1", "FFWEB_GPUS": "none", **env}
        self.process = self.start()

    def start(self, word: str = "serve", **env: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "manage.py", word]
        with (self.home / f"{word}.log").open("ab") as log:
            return subprocess.Popen(
                command, cwd=ROOT, env={**self.env, **env}, stdout=log, stderr=log, start_new_session=True
            )

    def second(self) -> subprocess.CompletedProcess[str]:
        """A second `manage.py serve` beside this one."""
        command = [sys.executable, "manage.py", "serve"]
        return subprocess.run(
            command, cwd=ROOT, env=self.env, capture_output=True, text=True, timeout=PATIENCE, check=False
        )

    @property
    def said(self) -> str:
        return (self.home / "serve.log").read_text()

    @property
    def ready(self) -> dict[str, Any]:
        return read_ready(self.home)

    def wait_ready(self) -> dict[str, Any]:
        def is_ready() -> bool:
            assert self.process.poll() is None, f"the site ended: {self.said}"
            return bool(self.ready)

        wait_until(is_ready, "ready.json")
        return self.ready

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(self.ready["url"] + "healthz", timeout=10) as response:
                return bool(response.status == 200)
        except OSError:
            return False

    def manage(self, *words: str) -> str:
        """What another `manage.py …` beside it prints."""
        command = [sys.executable, "manage.py", *words]
        done = subprocess.run(
            command, cwd=ROOT, env=self.env, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def pids(self) -> dict[str, int]:
        return {process["name"]: process["pid"] for process in self.ready["processes"]}

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(timeout=PATIENCE)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(timeout=PATIENCE)

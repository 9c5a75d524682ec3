"""The parts that speak SQL, on a real Postgres of their own: store, follower, services, filters, lease, janitor."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.waiting import PATIENCE

ROOT = Path(__file__).resolve().parents[2]
PARTS = (
    "tests/metrics",
    "tests/live/test_follow.py",
    "tests/runs/test_runs_services.py",
    "tests/runs/test_filters.py",
    "tests/runs/test_every_service_asks.py",
    "tests/api/test_nasty_input.py",
    "tests/work/test_lease.py",
    "tests/work/test_janitor.py",
)


def binaries() -> Path | None:
    """The folder with `initdb` and `postgres`: Debian keeps them off PATH."""
    on_path = shutil.which("initdb")
    found = [Path(on_path).resolve()] if on_path else sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    """The address of a scratch Postgres. It refuses to run as root, so root hands it to the user `postgres`."""
    folder = binaries()
    if folder is None:
        pytest.skip("no Postgres here: apt install postgresql to run this test")
    home = Path(tempfile.mkdtemp(prefix="ffweb-postgres-"))
    other: dict[str, str] = {}
    if os.getuid() == 0:
        try:
            user = pwd.getpwnam("postgres")
        except KeyError:
            pytest.skip("Postgres does not run as root, and there is no user `postgres` to run it")
        os.chown(home, user.pw_uid, user.pw_gid)
        other = {"user": "postgres"}
    port, data = free_port(), str(home / "data")
    # No durability: the whole database is thrown away.
    tuned = ["-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"]
    try:
        initdb = [folder / "initdb", "-D", data, "-U", "ffweb", "-A", "trust", "-N"]
        subprocess.run(initdb, check=True, capture_output=True, timeout=PATIENCE, cwd="/", **other)
        command = [folder / "postgres", "-D", data, "-p", str(port), "-k", str(home), "-h", "127.0.0.1", *tuned]
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/", **other)
        try:
            ready = [folder / "pg_isready", "-h", "127.0.0.1", "-p", str(port), "-q"]
            deadline = time.monotonic() + 30
            while subprocess.run(ready, check=False, timeout=PATIENCE).returncode:
                assert time.monotonic() < deadline
                assert server.poll() is None
                time.sleep(0.05)
            yield f"postgres://ffweb@127.0.0.1:{port}/postgres"
        finally:
            server.terminate()
            server.wait(PATIENCE)
    finally:
        shutil.rmtree(home, ignore_errors=True)


@pytest.mark.timeout(900)
def test_what_speaks_sql_speaks_it_to_postgres_too(postgres: str) -> None:
    env = os.environ | {"DATABASE_URL": postgres}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *PARTS],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        timeout=880,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:]

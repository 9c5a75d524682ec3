"""A snapshot on the real thing: SQLite as settings.py opens it, a writer at work meanwhile, in a fresh interpreter."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.waiting import PATIENCE

SCRIPT = """
import threading, django
django.setup()
from django.db import connection, transaction
from ffweb.runs.snapshot import snapshot

def count():
    with connection.cursor() as cursor:
        return cursor.execute("SELECT count(*) FROM t").fetchone()[0]

def write():
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("INSERT INTO t VALUES (1)")
    connection.close()

with connection.cursor() as cursor:
    cursor.execute("CREATE TABLE t (n)")
seen = []
with snapshot():
    seen.append(count())
    writer = threading.Thread(target=write)
    writer.start()
    writer.join(240)
    seen.append(count())
seen.append(count())
try:
    with snapshot():
        raise KeyError
except KeyError:
    write()
    seen.append(count())
print(seen, writer.is_alive())
"""


def test_reads_inside_see_one_moment_and_hold_up_no_writer(tmp_path: Path) -> None:
    env = {**os.environ, "FFWEB_HOME": str(tmp_path), "DJANGO_SETTINGS_MODULE": "ffweb.settings"}
    env.pop("DATABASE_URL", None)
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], env=env, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert (done.stdout, done.returncode) == ("[0, 0, 1, 2] False\n", 0), done.stderr

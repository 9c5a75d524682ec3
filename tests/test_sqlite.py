"""Which SQLite every process of a site uses, and the journal of one whose WAL mode can damage a database."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.db.backends.sqlite3.base import Database

from ffweb import sqlite

ROOT = Path(__file__).resolve().parent.parent
# How processes begin: what can be run as a program, and what uvicorn and Celery are given.
PROGRAMS = sorted(p for p in (ROOT / "ffweb").rglob("*.py") if 'if __name__ == "__main__"' in p.read_text())
ALONE = {"ffweb.serve.install", "ffweb.serve.guard"}  # the standard library only: they open no database
MODULES = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in PROGRAMS]
ENTRIES = sorted({*MODULES, "manage", "ffweb.asgi", "ffweb.celery"} - ALONE)

# Every connection that any SQLite of this process opens, by the module of its type.
WATCH = """
import os, sys
opened = set()
sys.addaudithook(lambda event, args: opened.add(type(args[0]).__module__) if event.endswith("connect/handle") else None)
"""
USE = """
import django
django.setup()
from django.core.management import call_command
from django.db import connection
call_command("migrate", verbosity=0)
with connection.cursor() as cursor:
    mode = cursor.execute("PRAGMA journal_mode").fetchone()[0]
"""
AN_OLD_ONE = "import sqlite3, sys; sqlite3.sqlite_version_info = (3, 40, 1); sys.modules['pysqlite3'] = None\n"


def python(code: str, home: Path) -> str:
    """What `code` prints in a fresh interpreter with a home of its own."""
    env = {**os.environ, "FFWEB_HOME": str(home), "DJANGO_SETTINGS_MODULE": "ffweb.settings"}
    for name in ("DATABASE_URL", "REDIS_URL"):
        env.pop(name, None)
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("entry", ENTRIES)
def test_every_entry_point_takes_the_mended_sqlite_before_anything_opens_a_database(entry: str, tmp_path: Path) -> None:
    code = f"{WATCH}\nimport {entry}\nimport django; django.setup()\n"
    code += "from django.db import connection\nconnection.ensure_connection()\n"
    code += (
        "print(connection.Database is sys.modules['sqlite3.dbapi2'], len(opened), connection.Database.sqlite_version)"
    )
    same, libraries, version = python(code, tmp_path).split()
    assert same == "True"
    assert libraries in ("0", "1")  # two would break each other's locks
    assert tuple(map(int, version.split("."))) == sqlite.version()


def test_the_tests_themselves_use_the_same() -> None:
    assert Database is sys.modules["sqlite3.dbapi2"]
    assert Database.sqlite_version_info == sqlite.version()


def test_nothing_else_of_ours_imports_sqlite3() -> None:
    users = [p for folder in ("ffweb", "trainer") for p in (ROOT / folder).rglob("*.py") if "sqlite3" in p.read_text()]
    importing = [
        p.name for p in users if any(line.startswith(("import sqlite3", "from sqlite3")) for line in _lines(p))
    ]
    assert importing == ["sqlite.py"]


def _lines(path: Path) -> list[str]:
    return [line.strip() for line in path.read_text().splitlines()]


@pytest.mark.parametrize(
    ("version", "safe"), [((3, 40, 1), False), ((3, 51, 2), False), ((3, 51, 3), True), ((3, 53, 4), True)]
)
def test_which_versions_are_mended(version: tuple[int, ...], safe: bool) -> None:
    assert sqlite.mended(version) is safe


def test_the_versions_that_can_damage_a_database_keep_a_rollback_journal(tmp_path: Path) -> None:
    assert python(USE + "print(mode)", tmp_path) == ("wal" if sqlite.mended(sqlite.version()) else "delete")
    then = python(AN_OLD_ONE + USE + "from ffweb import sqlite\nprint(mode)\nprint(sqlite.told())", tmp_path)
    mode, said = then.splitlines()
    assert mode == "delete"  # also where an earlier start had left WAL mode
    assert "3.40.1" in said
    assert "3.51.3" in said


WRITERS = """
import threading
from ffweb.people.models import User
from ffweb.runs.snapshot import snapshot
from django.db import connection
seen = []
def write(name):
    for n in range(20):
        User.objects.create(username=f"{name}{n}")
    connection.close()
def read():
    for _ in range(20):
        with snapshot():
            a = User.objects.count(); b = User.objects.count()
        seen.append(a == b)
    connection.close()
threads = [threading.Thread(target=write, args=(n,)) for n in "abc"] + [threading.Thread(target=read)]
[t.start() for t in threads]; [t.join() for t in threads]
print(User.objects.count(), all(seen), len(seen))
"""


def test_several_write_and_read_at_once_with_a_rollback_journal(tmp_path: Path) -> None:
    assert python(AN_OLD_ONE + USE + WRITERS, tmp_path) == "60 True 20"

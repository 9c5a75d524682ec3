"""A database that is locked, only read, away or damaged: reading goes on, writing says when to try again."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import DatabaseError, InterfaceError, OperationalError, connection
from django.test import Client
from django.urls import reverse
from persons import make_run

from ffweb import condition
from ffweb.api.urls import api
from ffweb.people.models import ApiToken, User
from ffweb.people.services import find_link, make_invite, make_token
from ffweb.runs import queries
from ffweb.runs.models import Run
from ffweb.runs.services import make_share
from tests.serve.locking import write_lock
from tests.serve.sites import ROOT

pytestmark = pytest.mark.django_db(transaction=True)
PATIENCE = 10.0  # seconds a page may take: one that waits for a lock takes SQLite's 20


@pytest.fixture
def run(alice: User) -> Run:
    return make_run(alice, result={"metrics": {}}, group="abcd1234")


@pytest.fixture
def browser(alice: User) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(alice)
    return client


@contextmanager
def no_writing(how: str) -> Iterator[None]:
    """Nobody may write."""
    if how == "locked":
        with write_lock(str(connection.settings_dict["NAME"])):
            yield
        return
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA query_only = 1")
        try:
            yield
        finally:
            cursor.execute("PRAGMA query_only = 0")


def pages(run: Run, token: str, invite: str) -> list[str]:
    names = ["runs", "new-run", "new-study", "methods", "team", "settings", "healthz", "readyz"]
    return [*map(reverse, names), f"/runs/{run.pk}", f"/s/{token}", invite]


def calls(run: Run, token: str) -> list[str]:
    paths = api.get_openapi_schema(path_prefix="")["paths"]
    values = {"run_id": run.pk, "token": token, "group": run.group, "name": "confusion"}
    return ["/api/v1" + path.format(**values) for path, methods in paths.items() if "get" in methods]


@pytest.mark.parametrize("how", ["locked", "read-only"])
def test_reading_goes_on_quickly_while_nothing_can_be_written(
    run: Run, alice: User, dora: User, browser: Client, how: str
) -> None:
    (_, share), (_, secret), invite = make_share(alice, run), make_token(alice), make_invite(dora)
    stale = Client(raise_request_exception=False)  # signed out elsewhere since: its session cannot be removed now
    stale.force_login(dora)
    User.objects.filter(pk=dora.pk).update(password="another")
    with no_writing(how):
        for address in pages(run, share, invite):
            began = time.monotonic()
            assert browser.get(address).status_code == 200, address
            assert time.monotonic() - began < PATIENCE, address
        for address in calls(run, share):
            began = time.monotonic()
            answer = Client().get(address, headers={"Authorization": f"Bearer {secret}"})
            assert answer.status_code in (200, 404, 422), address
            assert time.monotonic() - began < PATIENCE, address
        assert stale.get("/team").status_code == 302
        assert find_link(invite.rpartition("/")[2])
    assert (User.objects.get(pk=alice.pk).last_seen, ApiToken.objects.get().last_used) == (None, None)


@pytest.mark.parametrize("how", ["locked", "read-only"])
def test_what_cannot_be_written_now_says_when_to_try_again(
    run: Run, alice: User, browser: Client, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    _, secret = make_token(alice)
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "timeout", 0.05)
    connection.close()
    with no_writing(how):
        answers: list[Any] = [
            browser.post("/theme", {"theme": "dark"}),
            browser.post(f"/runs/{run.pk}/act/star"),
            browser.post("/sign-out"),
            Client(raise_request_exception=False).post("/sign-in", {"username": "alice", "password": "x"}),
            Client().patch(
                f"/api/v1/runs/{run.pk}",
                {"name": "b"},
                content_type="application/json",
                headers={"Authorization": f"Bearer {secret}"},
            ),
        ]
    assert [answer.status_code for answer in answers] == [503] * 5
    assert all(int(answer["Retry-After"]) > 0 for answer in answers)
    assert "Try again in a moment" in answers[-1].json()["detail"]
    assert "Try again in a moment" in answers[0].content.decode()
    assert browser.get("/").status_code == 200, "who could not be signed out still is in"


# ── away ──────────────────────────────────────────────────────────────────────────────────────────────────────────
AWAY = [
    OperationalError("connection to server failed: Connection refused"),
    OperationalError("terminating connection due to administrator command"),
    InterfaceError("connection already closed"),
]


@pytest.mark.parametrize("error", AWAY, ids=str)
def test_a_database_that_is_away_is_503_in_views_and_before_them(
    browser: Client, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def away(*args: Any, **named: Any) -> Any:
        raise error

    monkeypatch.setattr(queries, "waiting", away)
    answer = browser.get("/api/v1/me")
    assert (answer.status_code, answer.json()["status"], answer["Retry-After"]) == (503, 503, "5")
    monkeypatch.setattr("django.contrib.auth.backends.ModelBackend.get_user", away)
    for path in ("/", "/api/v1/me"):
        answer = browser.get(path)
        assert (answer.status_code, answer["Retry-After"]) == (503, "5")
        assert "Sign in" not in answer.content.decode()


def test_a_mistake_of_ours_is_no_busy_database(browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(*args: Any) -> Any:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM no_such_table")

    monkeypatch.setattr("ffweb.pages.views_runs.overview.counts", wrong)
    monkeypatch.setattr(queries, "waiting", wrong)
    for path in ("/", "/api/v1/me"):
        assert browser.get(path).status_code == 500


def test_an_error_page_knows_who_is_signed_in(browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: Any) -> Any:
        raise RuntimeError("a defect")

    monkeypatch.setattr("ffweb.pages.views_runs.overview.counts", broken)
    page = browser.get("/").content.decode()
    assert "Something went wrong" in page
    assert "Alice Example" in page
    assert ">Sign in<" not in page


# ── damaged ───────────────────────────────────────────────────────────────────────────────────────────────────────
MALFORMED = DatabaseError("database disk image is malformed")


def test_a_damaged_page_that_a_request_met_is_what_the_probe_says(
    browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def damaged(*args: Any) -> Any:
        raise MALFORMED

    assert browser.get("/readyz").status_code == 200
    with monkeypatch.context() as broken:
        broken.setattr("ffweb.pages.views_runs.overview.counts", damaged)
        answer = browser.get("/")
        assert answer.status_code == 500
        assert "restore a backup" in answer.content.decode()
        assert "Nothing you had stored is lost" not in answer.content.decode()
    ready = browser.get("/readyz")
    assert (ready.status_code, ready.json()["database"]) == (503, "away")


def test_the_api_says_so_too(browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def damaged(*args: Any) -> Any:
        raise MALFORMED

    monkeypatch.setattr(queries, "waiting", damaged)
    answer = browser.get("/api/v1/me")
    assert (answer.status_code, answer.headers["Content-Type"]) == (500, "application/problem+json")
    assert "restore a backup" in answer.json()["detail"]
    assert browser.get("/readyz").status_code == 503


def damaged_copy(folder: Path, user: User) -> Path:
    """This database with a page in its middle overwritten."""
    for n in range(200):
        make_run(user, f"run {n}", notes="x" * 4000)
    copy = folder / "ffweb.sqlite3"
    with connection.cursor() as cursor:
        cursor.execute("VACUUM INTO %s", [str(copy)])
    raw = bytearray(copy.read_bytes())
    middle = len(raw) // 2 // 4096 * 4096
    raw[middle : middle + 4096] = b"\xff" * 4096
    copy.write_bytes(raw)
    return copy


def command(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """`manage.py …` on a home of its own."""
    env = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "REDIS_URL")} | {"FFWEB_HOME": str(home)}
    asked = [sys.executable, str(ROOT / "manage.py"), *words]
    return subprocess.run(asked, cwd=home, env=env, capture_output=True, text=True, timeout=300, check=False)


@pytest.mark.parametrize("words", ["backup a.tar", "restore a.tar", "serve", "import_run ."])
def test_no_command_ends_in_a_traceback_over_a_file_that_is_no_database(tmp_path: Path, words: str) -> None:
    (tmp_path / "ffweb.sqlite3").write_bytes(b"no database at all, but as long as the head of one has to be" * 10)
    done = command(tmp_path, *words.split())
    assert done.returncode == 1
    assert done.stderr.startswith("The database is damaged (")
    assert "Traceback" not in done.stderr


def test_a_backup_of_a_damaged_database_says_what_to_do(tmp_path: Path, alice: User) -> None:
    damaged_copy(tmp_path, alice)
    done = command(tmp_path, "backup", "a.tar")
    assert done.returncode == 1
    assert "restore the last good backup" in done.stderr
    assert "Traceback" not in done.stderr
    assert sorted(path.name for path in tmp_path.glob("a.tar*")) == []


def test_a_damaged_page_is_found_before_anybody_meets_it(settings: LazySettings, tmp_path: Path, alice: User) -> None:
    copy = damaged_copy(tmp_path, alice)
    good = connection.settings_dict["NAME"]
    connection.close()
    try:
        connection.settings_dict["NAME"] = str(copy)
        condition.damage.forget()
        assert condition.database() == condition.DAMAGED
    finally:
        connection.close()
        connection.settings_dict["NAME"] = good
    condition.damage.forget()
    assert condition.database() == "ok"

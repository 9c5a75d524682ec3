"""Logs hold no secrets, whoever logs them; they turn while they are written."""

from __future__ import annotations

import io
import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.test import Client, RequestFactory
from django.views.debug import technical_500_response

from ffweb import logs
from ffweb.people.models import User, new_secret
from ffweb.people.services import make_invite
from ffweb.serve import child as children
from ffweb.serve.child import Child, Guard, Service
from ffweb.turning import turn_over
from tests.serve.sites import ROOT
from tests.waiting import wait_until

TOKEN = "aB3_" + "xY9-" * 7
LOGGERS = ("django.request", "django.security.csrf", "django.server", "uvicorn.error", "channels", "celery.worker",
           "kombu", "redis", "asyncio", "ffweb.live.stream", "any.library", "")  # fmt: skip
SECRETS = (
    f"Forbidden (CSRF cookie not set.): /sign-in/{TOKEN}",
    f"Not Found: /s/{TOKEN}/nothing",
    f"ws://127.0.0.1/ws/s/{TOKEN}?after=3",
    f"/api/v1/s/{TOKEN}/metrics",
    f"/sign-in?next=%2Fsign-in%2F{TOKEN}",
    f"Authorization: Bearer {TOKEN}",
    f"{{'authorization': 'Bearer {TOKEN}'}}",
    f"Cookie: sessionid={TOKEN}; theme=dark",
    f"password={TOKEN}&x=1",
    f"cannot connect to redis://:{TOKEN}@127.0.0.1:6379/0",
    f"postgres://ffweb:{TOKEN}@db.example:5432/ffweb does not answer",
    f"somebody mistyped /signin/{TOKEN}",
)


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What goes to the root's handler, as the settings made it."""
    handlers = [h for h in logging.getLogger().handlers if any(isinstance(f, logs.Masked) for f in h.filters)]
    assert len(handlers) == 1
    stream, before = io.StringIO(), handlers[0].stream  # type: ignore[attr-defined]
    handlers[0].setStream(stream)  # type: ignore[attr-defined]
    yield stream
    handlers[0].setStream(before)  # type: ignore[attr-defined]


@pytest.mark.parametrize("line", SECRETS)
@pytest.mark.parametrize("name", LOGGERS)
def test_no_logger_writes_a_secret(written: io.StringIO, name: str, line: str) -> None:
    log = logging.getLogger(name)
    log.error(line)
    log.error("%s and %r", line, {"line": line})
    try:
        raise ConnectionError(line)
    except ConnectionError:
        log.exception("It failed: %s", line, stack_info=True)
    log.error("%d arguments that do not fit", line)
    assert "ConnectionError" in written.getvalue()
    assert TOKEN not in written.getvalue()


@pytest.mark.parametrize(
    "piece",
    ["a.", "csrf", "password", "/s", "/s/", "%2F", "Bearer ", "://", "a://", "aA1-", "token ", "secret='", "a" * 99],
)
def test_a_line_of_any_length_is_read_in_linear_time(piece: str) -> None:
    assert logs.masked(piece * (400_000 // len(piece)))


def test_what_is_no_secret_stays(written: io.StringIO) -> None:
    lines = (
        "Not Found: /runs/4f7c2d1a/act/visibility",
        "The trainer of 4f7c2d1a ended with exit code 1 (/srv/ffweb/runs/4f7c2d1a/console.log)",
        "layers/1/goodness_pos at step 12,000; python -m trainer run --preset ff-digits",
        "checksum 2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae differs",
        "https://example.org/data/train-images-idx3-ubyte.gz was not found",
    )
    for line in lines:
        logging.getLogger("ffweb.test").warning(line)
    assert [line for line in lines if line not in written.getvalue()] == []


def test_the_passwords_of_this_site_are_masked_wherever_they_stand(
    written: io.StringIO, settings: LazySettings
) -> None:
    settings.REDIS_URL, settings.DATABASE_URL = "redis://:opensesame%2F1@h/0", "postgres://u:swordfish@h/d"
    logging.getLogger("redis").error("AUTH opensesame/1 failed; opensesame%%2F1; swordfish; %s", settings.SECRET_KEY)
    for secret in ("opensesame", "swordfish", settings.SECRET_KEY):
        assert secret not in written.getvalue()


@pytest.mark.django_db
def test_a_post_without_a_csrf_token_does_not_write_the_link(written: io.StringIO) -> None:
    admin = User.objects.create(username="root", is_staff=True)
    token = make_invite(admin).removeprefix("/sign-in/")
    for path in (f"/sign-in/{token}", f"/s/{token}", f"/sign-in/{token}/"):
        Client(enforce_csrf_checks=True, raise_request_exception=False).post(path, {"username": "a"})
    assert "/sign-in/***" in written.getvalue()
    assert token not in written.getvalue()


def test_the_page_of_an_error_shows_none_either(settings: LazySettings) -> None:
    token, settings.DEBUG = new_secret(), True
    settings.REDIS_URL = "redis://:opensesame@h/0"
    request = RequestFactory().get(
        f"/sign-in/{token}", {"next": f"/s/{token}"}, headers={"Authorization": f"Bearer {token}"}
    )
    try:
        held = {"link": f"/sign-in/{token}", "plain": token}
        raise RuntimeError(held["link"])
    except RuntimeError:
        page = technical_500_response(request, *sys.exc_info()).content.decode()
    assert "RuntimeError" in page
    assert token not in page
    assert "opensesame" not in page


# ── turning ───────────────────────────────────────────────────────────────────────────────────────────────────────
CHATTY = "import sys, time\nfor n in range(10**9):\n    print(f'line {n:09}', flush=True)\n    time.sleep(0.001)"


def test_a_log_turns_while_its_process_writes_and_holds_what_came_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(children, "LONGEST_LOG", 2000)
    fd = (tmp_path / "lock").open("w")
    guard = Guard(fd.fileno())
    child = Child(Service("it", (sys.executable, "-c", CHATTY), lambda: True), tmp_path / "it.log", {}, guard, print)
    child.start()
    try:
        turned = child.log.with_name("it.log.1")

        def twice() -> bool:
            child.tend()
            return turned.exists() and b"line 000000000" not in turned.read_bytes() and child.log.stat().st_size > 0

        wait_until(twice, "it turned twice")
        assert child.process
        assert child.process.poll() is None
        assert sorted(path.name for path in tmp_path.glob("it.log*")) == ["it.log", "it.log.1"]
        assert not child.log.read_bytes().startswith(b"\0"), "the process goes on at the file's new end"
    finally:
        child.signal(9)
        wait_until(child.gone, "gone")
        guard.close()
        fd.close()


def test_a_log_that_cannot_be_kept_is_emptied_all_the_same(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    assert not turn_over(log, 10)
    log.write_text("x" * 20)
    (tmp_path / "a.log.1").mkdir()
    assert turn_over(log, 10)
    assert log.read_text() == ""


def test_celery_adds_no_handler_of_its_own() -> None:
    code = (
        "import django; django.setup(); from ffweb.celery import app; app.log.setup(loglevel='INFO'); import logging;"
        "print(sum(type(h) is not logging.NullHandler for n, l in logging.root.manager.loggerDict.items()"
        " if isinstance(l, logging.Logger) for h in l.handlers), len(logging.root.handlers))"
    )
    command = [sys.executable, "-c", "import os; os.environ['DJANGO_SETTINGS_MODULE'] = 'ffweb.settings'; " + code]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout.split() == ["0", "1"], done.stderr

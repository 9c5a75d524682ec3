"""The share page: open without an account, and nothing on it that is not the run's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from ffweb.people.models import User
from ffweb.runs import services, status
from ffweb.runs.models import Run, Share
from trainer.config import compose, parse

Browser = Callable[[User | None], Client]


@pytest.fixture
def run(alice: User) -> Run:
    return Run.objects.create(
        name="shared run",
        owner=alice,
        config=parse(compose("ff-digits")).model_dump(mode="json"),
        status=status.FINISHED,
        group="secretgp",
        tags=["secret-tag"],
        notes="secret note",
        worker="secret-worker",
        host="secret-host",
        console_tail="secret console",
        environment={
            "commit": "4c1d9e2abcdef",
            "torch": "2.13",
            "device": "CPU",
            "threads": 2,
            "hostname": "secret-box",
        },
        latest={"test/accuracy": 0.975, "axis/epoch": 60.0},
        result={"per_layer": [], "per_epoch": [], "checkpoint": {"sha256": "secret-sum"}},
    )


@pytest.fixture
def token(run: Run, alice: User) -> str:
    return services.make_share(alice, run)[1]


def test_it_opens_without_an_account_and_says_the_result(browser: Browser, token: str) -> None:
    page = browser(None).get(f"/s/{token}")
    assert page.status_code == 200
    text = page.content.decode()
    assert "of Digits’ test images right" in text
    assert "by Alice" in text
    assert "commit 4c1d9e2" in text


def test_nothing_private_is_on_it(browser: Browser, run: Run, token: str) -> None:
    text = browser(None).get(f"/s/{token}").content.decode()
    assert "secret" not in text
    assert 'id="console"' not in text
    assert "checkpoint" not in text.lower().replace("checkpoint every", "").replace("checkpoint.every", "").replace(
        '"checkpoint": {', ""
    )
    assert f"/runs/{run.pk}" not in text
    assert "/act/" not in text
    assert "<nav" not in text


def test_its_headers_keep_the_address_to_itself(browser: Browser, token: str) -> None:
    page = browser(None).get(f"/s/{token}")
    assert page["Referrer-Policy"] == "no-referrer"
    assert page["X-Robots-Tag"] == "noindex, nofollow"
    assert page["Cache-Control"] == "no-store"
    assert "script-src 'self'" in page["Content-Security-Policy"]


def test_the_addresses_it_gives_its_scripts_work(browser: Browser, token: str) -> None:
    client = browser(None)
    assert f'"api": "/api/v1/s/{token}"' in client.get(f"/s/{token}").content.decode()
    for part in ("run", "metrics?names=*", "figures", "config"):
        assert client.get(f"/api/v1/s/{token}/{part}").status_code == 200, part


def _revoke(share: Share) -> None:
    Share.objects.filter(pk=share.pk).update(revoked_at=timezone.now())


def _expire(share: Share) -> None:
    Share.objects.filter(pk=share.pk).update(expires_at=timezone.now() - timedelta(seconds=1))


def _delete(share: Share) -> None:
    Run.objects.filter(pk=share.run_id).update(deleted_at=timezone.now())


def _nothing(share: Share) -> None:
    """The token itself is wrong in this case."""


@pytest.mark.parametrize(("end", "suffix"), [(_revoke, ""), (_expire, ""), (_delete, ""), (_nothing, "x")])
def test_withdrawn_expired_deleted_and_wrong_links_say_the_same(
    browser: Browser, token: str, end: Callable[[Share], Any], suffix: str
) -> None:
    end(Share.objects.get())
    page = browser(None).get(f"/s/{token}{suffix}")
    assert page.status_code == 404
    assert "This link was withdrawn by its owner." in page.content.decode()
    assert "shared run" not in page.content.decode()
    assert page["Referrer-Policy"] == "no-referrer"


def test_the_head_alone_is_there_for_scripts(browser: Browser, token: str) -> None:
    part = browser(None).get(f"/s/{token}", headers={"X-Partial": "state"}).content.decode()
    assert 'data-status="finished"' in part
    assert "<html" not in part

"""The frame round every page: policy, theme, navigation, errors, modules, probes."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import OperationalError, connection
from django.template import Context, Template
from django.test import Client, RequestFactory
from persons import make_run

from ffweb.pages import modules
from ffweb.pages.urls import urlpatterns
from ffweb.people.models import User
from ffweb.runs.status import STATUSES

Browser = Callable[..., Client]
PAGES = {"/", "/methods", "/team", "/settings", "/runs/new", "/studies/memory/new"}
"""Some that must be among the addresses; every page is looked at."""
ADDRESSES = [f"/{pattern.pattern}" for pattern in urlpatterns if "<" not in str(pattern.pattern)]
FOR_ALL = {"/sign-in", "/sign-out", "/theme", "/healthz", "/readyz"}
STATIC = Path(settings.BASE_DIR) / "static"
TEMPLATES = Path(settings.BASE_DIR) / "templates"


def test_pages_are_found_by_looking() -> None:
    assert set(ADDRESSES) >= PAGES | FOR_ALL


@pytest.mark.parametrize("address", [*ADDRESSES, "/nowhere"])
def test_strict_policy_and_nothing_inline(browser: Browser, alice: User, address: str) -> None:
    make_run(alice)
    response = browser(alice).get(address)
    if response.status_code in (302, 405) or not response.headers["Content-Type"].startswith("text/html"):
        assert address not in PAGES
        return
    policy = response.headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe-eval" not in policy
    page = response.content.decode()
    assert not re.search(r"<script(?![^>]*(src=|application/json))", page)
    assert "<style" not in page
    assert not re.search(r"\s(style|on\w+)=\"", page)
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert page.count("<h1") == 1
    assert 'class="skip"' in page


def test_theme_is_rendered_by_the_server_from_a_cookie_of_two_values(browser: Browser, alice: User) -> None:
    client = browser(alice)
    assert 'data-theme="' not in client.get("/settings").content.decode()
    client.post("/theme", {"theme": "dark", "next": "/settings"})
    assert 'data-theme="dark"' in client.get("/settings").content.decode()
    alice.refresh_from_db()
    assert alice.theme == "dark"
    client.cookies["theme"] = '"><script>'
    assert "data-theme=" not in client.get("/settings").content.decode()
    client.post("/theme", {"theme": "system"})
    assert "theme" not in client.cookies or not client.cookies["theme"].value


def test_theme_without_an_account_and_back_only_to_this_site(browser: Browser) -> None:
    response = browser().post("/theme", {"theme": "light", "next": "https://elsewhere.example/"})
    assert response.headers["Location"] == "/"
    assert response.cookies["theme"].value == "light"


def test_navigation_names_the_page_one_is_on(browser: Browser, alice: User) -> None:
    page = browser(alice).get("/team").content.decode()
    assert '<a href="/team" aria-current="page">Team</a>' in page
    assert '<a href="/">Runs</a>' in page
    assert "/compare" not in page  # pages that do not exist are not offered


@pytest.mark.parametrize("address", [address for address in ADDRESSES if address not in FOR_ALL])
def test_pages_are_for_members(browser: Browser, charlie: User, address: str) -> None:
    for client in (browser(), browser(charlie)):
        response = client.get(address)
        if response.status_code == 405:  # it is no page
            assert address not in PAGES
            continue
        assert response.status_code == 302
        assert response.headers["Location"] == f"/sign-in?next={address}"


def test_lost_page_says_what_to_do(browser: Browser, alice: User) -> None:
    response = browser(alice).get("/nowhere")
    assert response.status_code == 404
    assert "There is nothing at this address" in response.content.decode()


def test_a_form_without_its_token_is_refused_in_words(alice: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    response = client.post("/sign-out")
    assert response.status_code == 403
    assert "too old to be accepted" in response.content.decode()


def test_the_page_of_a_server_error_needs_nothing() -> None:
    page = Template('{% include "500.html" %}').render(Context())
    assert "Nothing you had stored is lost" in page


def test_every_icon_exists() -> None:
    drawn = set(re.findall(r'id="i-([\w-]+)"', (TEMPLATES / "parts" / "icons.html").read_text(encoding="utf-8")))
    used: set[str] = set()
    for file in (*TEMPLATES.rglob("*.html"), *(STATIC / "js").rglob("*.js")):
        text = file.read_text(encoding="utf-8")
        used |= set(re.findall(r'\{% icon "([\w-]+)" %\}', text)) | set(re.findall(r'\bicon\("([\w-]+)"\)', text))
    assert used | {status.icon for status in STATUSES.values()} <= drawn


def test_status_words_reach_scripts_from_one_place(browser: Browser, alice: User) -> None:
    page = browser(alice).get("/settings").content.decode()
    assert '"lost": {"word": "No contact"' in page


def test_modules_of_a_page_are_preloaded_once_each() -> None:
    found = modules.closure("js/page/runs.js")
    assert found[0] == "js/page/runs.js"
    assert {"js/net/socket.js", "js/view/format.js", "js/view/dom.js"} <= set(found)
    assert len(found) == len(set(found))


def test_every_import_of_every_module_exists() -> None:
    for file in (STATIC / "js").rglob("*.js"):
        modules.closure(file.relative_to(STATIC).as_posix())


def test_last_seen_is_written_once_a_minute(browser: Browser, alice: User) -> None:
    client = browser(alice)
    client.get("/settings")
    alice.refresh_from_db()
    first = alice.last_seen
    client.get("/settings")
    alice.refresh_from_db()
    assert first is not None
    assert alice.last_seen == first


def test_probes(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    client = browser()
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").json()["database"] == "ok"

    def away() -> None:
        raise OperationalError("secret host name")

    with monkeypatch.context() as patch:
        patch.setattr(connection, "cursor", away)
        response = client.get("/readyz")
    assert response.status_code == 503
    assert "secret" not in response.content.decode()


def test_frame_of_a_stranger_offers_no_menu() -> None:
    request = RequestFactory().get("/s/x")
    request.user = AnonymousUser()
    page = Template('{% include "parts/top.html" %}').render(Context({"request": request, "user": request.user}))
    assert "Sign in" in page
    assert "Settings" not in page

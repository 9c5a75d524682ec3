"""What is stale says so: a server that is frozen, on every page that is live, and back by itself."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Site, Watched
from tests.browser.test_main_job import await_points, launch, pill
from tests.browser.test_studies import start_study

pytestmark = [pytest.mark.browser, pytest.mark.timeout(1800)]


@contextmanager
def frozen(pid: int) -> Iterator[None]:
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        with suppress(ProcessLookupError):  # somebody may have replaced a web that does not answer
            os.kill(pid, signal.SIGCONT)


def says(page: Page, words: str) -> None:
    expect(page.locator("#connection")).to_contain_text(words)


def test_a_frozen_server_is_no_contact_on_every_live_page(member: Watched, stranger: Watched, site: Site) -> None:
    run_page = member.page()
    run = launch(run_page, schedule__epochs="20000")
    await_points(run_page, 1)
    expect(run_page.locator(".title .pill")).to_contain_text("Running")  # else the head is drawn anew, menu and all
    run_page.locator("#share-menu > summary").click()
    run_page.get_by_role("button", name="Create link").click()
    share = stranger.page()
    share.goto(run_page.get_by_label("New share link").input_value())
    run_page.locator("#share-menu > summary").click()
    table, study = member.page(), member.page()
    table.goto("/")
    start_study(study, "ff", layers="2", hidden="40", batch="100", images="300")  # it waits behind the run
    pages = [run_page, share, table, study]
    for page in pages:
        says(page, "Live")
    with frozen(site.pids["web"]):
        for page in pages:
            says(page, "No contact for")
            expect(page.locator("body")).to_have_class("stale")
        expect(run_page.locator(".title .pill")).to_contain_text("Running at")
        expect(run_page.locator("#progress-text")).to_contain_text("as of")
        expect(run_page.locator(".lostbar")).to_contain_text("No contact with FFWeb since")
    for page in pages:
        says(page, "Live")
        expect(page.locator("body")).not_to_have_class("stale")
    points = await_points(run_page, 1)
    await_points(run_page, points + 1)  # and it goes on
    study.locator("#stop > summary").click()
    study.get_by_role("button", name="Stop all").click()
    run_page.goto(f"/runs/{run}")
    run_page.get_by_text("Stop", exact=True).first.click()
    run_page.locator(".sheet.confirm button.danger").click()
    pill(run_page, "Stopped")
    for page in pages:
        page.close()
    member.errors.clear()  # browsers complain of connections that do not come about

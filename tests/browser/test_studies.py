"""A study of memory from the browser: real runs, one after another, and a plot that grows without a reload."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Watched
from trainer.profiling.cases import METHODS

pytestmark = [pytest.mark.browser, pytest.mark.timeout(1800)]

STUDY = re.compile(r"/studies/[0-9a-hjkmnp-tv-z]{8}$")
POINTS = "() => [...(document.querySelector('#plot').data ?? [])].map((line) => [...line.x])"


def start_study(page: Page, *methods: str, **fields: str) -> str:
    """Start a study of `methods` alone with `fields` changed, as a person would; returns its address."""
    page.goto("/studies/memory/new")
    for name in METHODS:
        page.locator(f'[name="methods"][value="{name}"]').set_checked(name in methods)
    page.locator('[name="data"]').select_option("digits")
    for name, value in fields.items():
        page.locator(f'[name="{name}"]').fill(value)
    page.get_by_role("button", name="Check").click()
    page.get_by_role("button", name="Start the study").click()
    page.wait_for_url(STUDY)
    return page.url


def drawn(page: Page, wanted: list[list[int]], seconds: float = 600) -> None:
    deadline = time.monotonic() + seconds
    while (found := page.evaluate(POINTS)) != wanted:
        assert time.monotonic() < deadline, f"{found} after {seconds} s"
        page.wait_for_timeout(100)


def test_points_appear_while_the_page_is_open(member: Watched) -> None:
    page = member.page()
    address = start_study(page, "ff", "ff-streamed", layers="2, 3", hidden="40", batch="100", images="300")
    expect(page.locator(".standing")).to_contain_text("of 4 runs have ended")
    page.evaluate("window.unbroken = true")
    drawn(page, [[2, 3], [2, 3]])
    expect(page.locator(".standing")).to_contain_text("4 of 4 runs have ended.")
    expect(page.locator("#stop")).to_be_hidden()
    assert page.evaluate("window.unbroken")  # it was never loaded anew
    rows = page.request.get(f"{address}/memory.json").json()
    assert [(row["method"], row["layers"]) for row in rows] == [
        ("ff", 2), ("ff-streamed", 2), ("ff", 3), ("ff-streamed", 3)
    ]  # fmt: skip
    assert all(0 < row["rise"]["rss"] < 1e9 and row["seconds"] > 0 for row in rows)
    page.locator(".cases a").first.click()
    expect(page.locator("h1")).to_have_text("FF, all layers in memory, 2 layers")
    page.get_by_role("link", name="Study of memory").click()
    drawn(page, [[2, 3], [2, 3]])
    page.goto("/")
    page.get_by_role("link", name="Study").click()
    expect(page.locator("h1")).to_have_text("Study of memory")
    assert member.errors == []
    page.close()

"""The main job as its user does it: sign in, configure, launch, watch, stop, share. Real servers, real training."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
import urllib.request
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Site, Watched
from trainer.metrics import is_volatile

pytestmark = [pytest.mark.browser, pytest.mark.timeout(1800)]

RUN = re.compile(r"/runs/[0-9a-hjkmnp-tv-z]{8}$")
POINTS = """() => {
  const plot = document.querySelector('#card-goodness .plot');
  return plot && plot.data && plot.data[0] ? plot.data[0].y.length : 0;
}"""


def launch(page: Page, home: str = "/", **fields: str) -> str:
    """Start the form's default (ff-digits) with `fields` changed, as a person would; returns the run's id."""
    page.goto(f"{home}runs/new")
    for name, value in fields.items():
        page.locator(f'[name="{name.replace("__", ".")}"]').fill(value)
    page.locator("#start").click()
    page.wait_for_url(RUN)
    return page.url.rsplit("/", 1)[1]


def pill(page: Page, word: str, seconds: float = 600) -> None:
    expect(page.locator(".title .pill")).to_contain_text(word, timeout=seconds * 1000)


def points(page: Page) -> int:
    """How many points the first line of the goodness chart holds."""
    return int(page.evaluate(POINTS))


def await_points(page: Page, least: int, seconds: float = 300) -> int:
    """Wait until the goodness chart's first line holds `least` points. (The CSP forbids wait_for_function's eval.)"""
    deadline = time.monotonic() + seconds
    while (now := points(page)) < least:
        assert time.monotonic() < deadline, f"{now} points after {seconds} s, waited for {least}"
        page.wait_for_timeout(100)
    return now


def api(page: Page, path: str) -> Any:
    response = page.request.get(f"/api/v1{path}")
    assert response.ok, response.text()
    return response.json()


def test_watch_a_run_grow_and_finish(member: Watched) -> None:
    page = member.page()
    run = launch(page, schedule__epochs="60")
    first = await_points(page, 1)
    pill(page, "Running")
    first = await_points(page, first + 1)
    pill(page, "Running")
    page.reload()  # the same picture after a reload, and it goes on growing
    await_points(page, first)
    pill(page, "Finished")
    expect(page.locator(".outcome")).to_contain_text("est accuracy")
    result = api(page, f"/runs/{run}/result")
    assert result["metrics"]["test/accuracy"]["last"] >= 0.93
    expect(page.locator("#result table").first).to_be_visible()
    assert member.errors == []
    page.close()


def test_stop_a_run_and_go_on(member: Watched) -> None:
    page = member.page()
    launch(page, schedule__epochs="2000")
    await_points(page, 2)
    page.get_by_text("Stop", exact=True).first.click()
    page.locator(".sheet.confirm button.danger").click()
    pill(page, "Stopped")
    page.get_by_role("button", name="Resume").click()
    pill(page, "Running")
    page.get_by_text("Stop", exact=True).first.click()
    page.locator(".sheet.confirm button.danger").click()
    pill(page, "Stopped")
    assert member.errors == []
    page.close()


def test_share_a_live_run_with_a_stranger_and_withdraw_it(member: Watched, stranger: Watched) -> None:
    page = member.page()
    run = launch(page, schedule__epochs="2000")
    await_points(page, 1)
    pill(page, "Running")  # else the head is drawn anew, menu and all
    page.locator("#share-menu > summary").click()
    page.get_by_role("button", name="Create link").click()
    link = page.get_by_label("New share link").input_value()

    other = stranger.page()
    other.goto(link)
    expect(other.locator("h1")).to_be_visible()
    before = await_points(other, 1)
    await_points(other, before + 1)  # live, without an account
    assert other.locator("#console").count() == 0
    assert other.request.get(f"/api/v1/runs/{run}").status in (401, 404)

    page.get_by_role("button", name="Withdraw").click()
    expect(other.get_by_role("heading", name="This link was withdrawn by its owner.")).to_be_visible()
    assert page.request.get(link).status in (404, 410)
    page.get_by_text("Stop", exact=True).first.click()
    page.locator(".sheet.confirm button.danger").click()
    pill(page, "Stopped")
    assert member.errors == []
    assert [e for e in stranger.errors if "withdrawn" not in e and "410" not in e and "404" not in e] == []
    page.close()


def test_three_ways_to_launch_give_equal_results(member: Watched, site: Site, tmp_path: Any) -> None:
    """Browser, API and command line, with equal seeds: equal metrics, but for those of time and machine."""
    page = member.page()
    by_form = launch(page, schedule__epochs="2")
    pill(page, "Finished")
    cookie = next(c["value"] for c in member.context.cookies() if c["name"] == "csrftoken")
    body = {"preset": "ff-digits", "set": {"schedule.epochs": 2}}
    made = page.request.post("/api/v1/runs", data=body, headers={"X-CSRFToken": cookie, "Referer": site.url})
    assert made.status == 201, made.text()
    by_api = made.json()["id"]
    page.goto(f"/runs/{by_api}")
    pill(page, "Finished")
    command = [sys.executable, "-m", "trainer", "run", "--preset", "ff-digits", "--set", "schedule.epochs=2"]
    subprocess.run([*command, "--out", str(tmp_path / "run")], check=True, timeout=600, capture_output=True)

    def series(text: str) -> list[dict[str, float]]:
        events = [json.loads(line) for line in text.splitlines()]
        return [{k: v for k, v in e["values"].items() if not is_volatile(k)} for e in events if e["kind"] == "metrics"]

    folders = [site.home / "runs" / by_form, site.home / "runs" / by_api, tmp_path / "run"]
    first, second, third = (series((f / "events.jsonl").read_text()) for f in folders)
    assert first == second == third
    page.close()


def test_probes_answer(site: Site) -> None:
    for path in ("/healthz", "/readyz"):
        with urllib.request.urlopen(site.url + path, timeout=60) as response:
            assert response.status == 200


def test_the_entry_page_is_light_and_loads_no_chart_library(member: Watched) -> None:
    page = member.page()
    addresses: list[str] = []
    page.on("request", lambda request: addresses.append(request.url))
    page.goto("/")
    expect(page.locator("h1")).to_be_visible()
    sizes = page.evaluate("performance.getEntries().map((e) => e.transferSize || 0)")
    assert sum(sizes) <= 500_000
    assert not [a for a in addresses if "plotly" in a]
    page.close()

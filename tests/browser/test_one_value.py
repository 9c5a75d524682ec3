"""One quantity, one value: what a finished run and its twin show is the same in every place, or says how it differs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pytest
from playwright.sync_api import Page

from ffweb.pages.format import duration, percent, points, si
from tests.browser.conftest import Watched
from tests.browser.test_main_job import RUN, api, pill

pytestmark = [pytest.mark.browser, pytest.mark.timeout(1800)]

SPEED = "speed/images_per_second"


def bare(text: str | None) -> str:
    """Without the spaces, which differ with the size of a unit."""
    return re.sub(r"\s+", "", text or "")


def stats(page: Page) -> dict[str, tuple[str, str]]:
    """{title: (value, note)} of the row of numbers under a run's title."""
    cells = page.locator("#stats > div").all()
    return {
        str(cell.locator("dt").text_content()): (
            bare(cell.locator("b").text_content()),
            str(cell.locator("small").text_content()),
        )
        for cell in cells
    }


def over_chart(page: Page, card: str) -> str:
    """The number in the header of a chart, which is drawn when it comes into view."""
    page.locator(f"#card-{card}").scroll_into_view_if_needed()
    now = page.locator(f"#card-{card} .now")
    now.filter(has_text=re.compile(r"\d")).wait_for()
    return bare(now.text_content())


def told(run: Mapping[str, Any]) -> dict[str, str]:
    """What the API says of a run, as people read it."""
    latest = run["latest"]
    return {
        "Test accuracy": bare(percent(latest["test/accuracy"])),
        "Throughput": bare(si(latest[SPEED], "img/s")),
        "Peak memory": bare(si(latest["memory/rss_peak"], "B")),
        "Took": bare(duration(took(run))),
    }


def took(run: Mapping[str, Any]) -> float:
    began, ended = (datetime.fromisoformat(run[key]) for key in ("started", "ended"))
    return (ended - began).total_seconds()


def start_pair(page: Page) -> str:
    page.goto("/runs/new")
    page.locator('[name="schedule.epochs"]').fill("6")
    page.locator("#start-twin").click()
    page.wait_for_url(RUN)
    run = page.url.rsplit("/", 1)[1]
    group = api(page, f"/runs/{run}")["group"]
    for one in api(page, f"/groups/{group}")["runs"]:
        page.goto(f"/runs/{one['id']}")
        pill(page, "Finished")
    return run


def test_a_finished_pair_says_the_same_everywhere(member: Watched, stranger: Watched) -> None:
    page = member.page()
    run = start_pair(page)
    mine = api(page, f"/runs/{run}")
    (twin,) = [one for one in api(page, f"/groups/{mine['group']}")["runs"] if one["id"] != run]
    result, wanted = api(page, f"/runs/{run}/result"), told(mine)

    # the numbers are over the run, and the same in the API's two places
    assert mine["latest"][SPEED] == pytest.approx(result["images"] / result["train_seconds"])
    for name, entry in result["metrics"].items():
        assert mine["latest"][name] == pytest.approx(entry["over"]), name
    assert result["peak"]["rss"] == mine["latest"]["memory/rss_peak"]
    (compared,) = [api(page, f"/compare?runs={run}")["metrics"][SPEED]]
    assert compared["values"][run]["over"] == pytest.approx(mine["latest"][SPEED])

    # the run's page, its sentence, and what stands beside the twin
    page.goto(f"/runs/{run}")
    over = {card: over_chart(page, card) for card in ("throughput", "memory")}
    shown = stats(page)
    assert {title: shown[title][0] for title in wanted} == wanted
    assert bare(shown["Took"][1]) == bare(f"training {duration(result['train_seconds'])} of it")
    assert shown["vs backprop"][1] == f"its twin: {percent(twin['latest']['test/accuracy'])}"
    difference = mine["latest"]["test/accuracy"] - twin["latest"]["test/accuracy"]
    assert shown["vs backprop"][0] == bare(points(difference))
    sentence = bare(page.locator(".outcome").text_content())
    assert sentence.startswith(f"Finishedin{wanted['Took']}.Testaccuracy{wanted['Test accuracy']},")
    assert over["throughput"] == f"overtherun{wanted['Throughput']}"
    assert over["memory"] == f"process,peak{wanted['Peak memory']}"
    assert wanted["Test accuracy"] in bare(page.locator("#log").text_content())

    # the table, the share
    page.goto("/")
    row = page.locator(f'tr[data-id="{run}"]')
    cells = {"Test accuracy": "accuracy", "Throughput": "speed", "Peak memory": "memory", "Took": "took"}
    found = {title: bare(row.locator(f".c-{cell} .quantity").text_content()) for title, cell in cells.items()}
    assert found == wanted
    page.goto(f"/runs/{run}")
    page.locator("#share-menu > summary").click()
    page.get_by_role("button", name="Create link").click()
    share = stranger.page()
    share.goto(page.get_by_label("New share link").input_value())
    assert over_chart(share, "throughput") == over["throughput"]
    there = stats(share)
    assert {title: there[title][0] for title in wanted} == wanted
    assert wanted["Test accuracy"] in bare(share.locator("h1").text_content())
    share.close()
    page.close()

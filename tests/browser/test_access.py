"""Every page, light and wide, dark and on a phone: no axe violation, no sideways scroll, no console error."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import Site, Watched
from tests.browser.test_main_job import launch, pill
from tests.browser.test_studies import drawn, start_study

pytestmark = [pytest.mark.browser, pytest.mark.timeout(1800)]

AXE = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"
LOOKS = [("light", 1280), ("dark", 360)]  # each theme and each width; the four together take twice as long
FOUND = """async () => (await axe.run()).violations.map((v) => `${v.id}: ${v.nodes[0].html.slice(0, 160)}`)"""


@pytest.fixture(scope="module")
def places(member: Watched) -> dict[str, str]:
    """An address of each page; those of a run belong to one that has finished."""
    page = member.page()
    run = launch(page, schedule__epochs="2")
    pill(page, "Finished")
    page.locator("#share-menu > summary").click()
    page.get_by_role("button", name="Create link").click()
    share = page.get_by_label("New share link").input_value()
    study = start_study(page, "ff", "backprop", layers="2", hidden="40", batch="100", images="300")
    drawn(page, [[2], [2]])
    page.close()
    own = {
        "runs": "/",
        "form": "/runs/new",
        "run": f"/runs/{run}",
        "new study": "/studies/memory/new",
        "study": study,
        "methods": "/methods",
        "team": "/team",
        "settings": "/settings",
    }
    return own | {"no run": "/runs/00000000", "share": share, "sign in": "/sign-in"}


@pytest.fixture(params=LOOKS, ids=lambda look: f"{look[0]}-{look[1]}")
def screens(
    request: pytest.FixtureRequest, site: Site, chromium: Browser, member: Watched
) -> Iterator[tuple[Watched, Watched, int]]:
    """A signed-in and a signed-out browser of one theme and width."""
    theme, width = request.param
    look = {"color_scheme": theme, "viewport": {"width": width, "height": 800}, "has_touch": width < 700}
    known = Watched(chromium, site.url, storage_state=member.context.storage_state(), **look)
    unknown = Watched(chromium, site.url, **look)
    yield known, unknown, width
    known.context.close()
    unknown.context.close()


def test_pages_are_accessible_and_fit(screens: tuple[Watched, Watched, int], places: dict[str, str]) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is not installed: npm ci brings it")
    known, unknown, width = screens
    found = []
    for name, address in places.items():
        browser = unknown if name in ("share", "sign in") else known
        page = browser.page()
        page.goto(address)
        page.wait_for_load_state("networkidle")
        page.evaluate(AXE.read_text())
        found += [f"{name}: {violation}" for violation in page.evaluate(FOUND)]
        if page.evaluate("document.documentElement.scrollWidth") > width:
            found.append(f"{name}: scrolls sideways")
        page.close()
    assert found == []
    assert [error for error in known.errors + unknown.errors if "404 (Not Found)" not in error] == []

"""The site under a path of its host, behind a proxy that keeps it or strips it: all of it works, nothing strays."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Site, Watched, serving
from tests.browser.proxy import Proxy
from tests.browser.test_main_job import await_points, launch, pill

pytestmark = [pytest.mark.browser, pytest.mark.timeout(1800)]

PATH = "/lab/ffweb"
PAGES = ("", "runs/new", "studies/memory/new", "methods", "team", "settings", "api/docs", "runs/00000000")


@pytest.fixture(scope="module")
def below(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with serving(tmp_path_factory.mktemp("below"), FFWEB_PATH=PATH) as started:
        yield started


@pytest.fixture(params=[False, True], ids=["kept", "stripped"])
def proxy(request: pytest.FixtureRequest, below: Site) -> Iterator[Proxy]:
    parts = urlsplit(below.url)
    assert (parts.hostname, parts.path) == ("127.0.0.1", PATH)
    started = Proxy((str(parts.hostname), int(parts.port or 0)), PATH, strips=request.param)
    yield started
    started.close()


def signed_in(site: Site, proxy: Proxy, chromium: Browser) -> Watched:
    """By a new session: the one-time link is used up by the first."""
    watched = Watched(chromium, f"{proxy.url}{PATH}/")
    page = watched.page()
    known = site.home / "session"
    if known.exists():
        name, value = known.read_text().split("=", 1)
        watched.context.add_cookies([{"name": name, "value": value, "domain": "127.0.0.1", "path": PATH}])
    else:
        page.goto(proxy.url + urlsplit(site.sign_in_url).path)
        page.wait_for_url(f"{proxy.url}{PATH}/")
        (cookie,) = [c for c in watched.context.cookies() if "session" in c["name"]]
        assert cookie["path"] == PATH
        known.write_text(f"{cookie['name']}={cookie['value']}")
    page.close()
    return watched


def test_the_main_job_behind_a_proxy(below: Site, proxy: Proxy, chromium: Browser) -> None:
    home = f"{proxy.url}{PATH}/"
    member, stranger = signed_in(below, proxy, chromium), Watched(chromium, home)
    page = member.page()
    run = launch(page, home, schedule__epochs="2000")
    assert page.url == f"{home}runs/{run}"
    first = await_points(page, 1)
    expect(page.locator("#connection")).to_contain_text("Live")
    await_points(page, first + 1)
    page.locator("#theme-form button").click()
    expect(page.get_by_text("Running", exact=True).first).to_be_visible()  # else the head is drawn anew, menu and all
    page.locator("#share-menu > summary").click()
    page.get_by_role("button", name="Create link").click()
    link = page.get_by_label("New share link").input_value()
    assert link.startswith(f"{home}s/")
    other = stranger.page()
    other.goto(link)
    await_points(other, await_points(other, 1) + 1)
    page.get_by_text("Stop", exact=True).first.click()
    page.locator(".sheet.confirm button.danger").click()
    pill(page, "Stopped")
    with page.expect_download() as download:
        page.locator("footer").get_by_text("Metrics as CSV").click()
    assert download.value.path().read_text().startswith("step,")
    assert all(f"{c['path']}/".startswith(f"{PATH}/") for c in member.context.cookies())
    other.goto(home.rstrip("/"))
    expect(other).to_have_url(re.compile(f"{PATH}/sign-in"))
    close(proxy, member, stranger)


@pytest.mark.parametrize("proxy", [False], ids=["kept"], indirect=True)
def test_every_page_behind_a_proxy(below: Site, proxy: Proxy, chromium: Browser) -> None:
    home = f"{proxy.url}{PATH}/"
    member, stranger = signed_in(below, proxy, chromium), Watched(chromium, home)
    page, other = member.page(), stranger.page()
    for name in PAGES:
        page.goto(home + name)
        page.wait_for_load_state("networkidle")
    page.goto(home + "api/docs")
    expect(page.locator(".opblock").first).to_be_visible()
    paths = page.request.get(f"{home}api/v1/openapi.json").json()["paths"]
    assert all(path.startswith(f"{PATH}/api/v1/") for path in paths)
    page.goto(home)
    page.locator("details.menu.wide > summary").click()
    page.get_by_role("link", name=re.compile("Settings")).click()
    expect(page).to_have_url(f"{home}settings")
    other.goto(f"{home}team")  # who is not signed in is asked to, and comes back there
    expect(other).to_have_url(f"{home}sign-in?next={PATH}/team")
    close(proxy, member, stranger)


def close(proxy: Proxy, *browsers: Watched) -> None:
    """Nothing was asked for beyond the path, and no console complained."""
    assert [stray for stray in proxy.strays if stray != "/favicon.ico"] == []
    assert [error for one in browsers for error in one.errors if "404 (Not Found)" not in error] == []
    for one in browsers:
        one.context.close()

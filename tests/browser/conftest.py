"""A real site (`manage.py serve` on a scratch home) and a real Chromium, one of each for the whole folder."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
PATIENCE = 120_000  # ms; an event is awaited, and a busy machine takes its time
expect.set_options(timeout=PATIENCE)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
]


@dataclass(frozen=True)
class Site:
    """A running FFWeb: `url` without a slash at its end, the one-time link for `admin`, its processes' pids."""

    home: Path
    url: str
    sign_in_url: str
    pids: dict[str, int]


def wait_for(path: Path, process: subprocess.Popen[bytes], seconds: float) -> dict[str, Any]:
    """The JSON in `path` once it is there. Fails when the process ends first."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if path.exists():
            return dict(json.loads(path.read_text()))
        if process.poll() is not None:
            pytest.fail(f"the site ended with {process.returncode} before it was ready")
        time.sleep(0.05)
    pytest.fail(f"the site was not ready within {seconds} s")


@contextmanager
def serving(home: Path, **more: str) -> Iterator[Site]:
    """A site on the scratch folder `home`, with `more` variables."""
    env = {k: v for k, v in os.environ.items() if k not in ("REDIS_URL", "DATABASE_URL", "FFWEB_DEBUG")}
    env |= {"FFWEB_HOME": str(home), "FFWEB_PORT": "0", "FFWEB_CPU_SLOTS": "1", "FFWEB_GPUS": "none", **more}
    log = (home / "serve.log").open("wb")
    process = subprocess.Popen(
        [sys.executable, "manage.py", "serve"], cwd=ROOT, env=env, stdout=log, stderr=log, start_new_session=True
    )
    try:
        ready = wait_for(home / "ready.json", process, 300)
        pids = {p["name"]: p["pid"] for p in ready["processes"]}
        yield Site(home, ready["url"].rstrip("/"), ready["sign_in_url"], pids)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            pytest.fail("the site did not stop within 60 s of SIGTERM")


@pytest.fixture(scope="package")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with serving(tmp_path_factory.mktemp("site")) as started:
        yield started


@pytest.fixture(scope="package")  # while it is open it keeps this thread's event loop, which other tests need
def chromium() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no Chromium on PATH; set CHROMIUM to one to run the browser tests")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


class Watched:
    """A browser context that keeps console errors and failed scripts: a test ends by asserting that there are none."""

    def __init__(self, browser: Browser, base_url: str, **options: Any) -> None:
        self.context: BrowserContext = browser.new_context(base_url=base_url, **options)
        self.context.set_default_timeout(PATIENCE)
        self.errors: list[str] = []

    def _keep(self, page: Page, text: str) -> None:
        self.errors.append(f"{page.url}: {text}")

    def page(self) -> Page:
        page = self.context.new_page()
        page.on(
            "console", lambda m: self.errors.append(f"{page.url}: {m.text}") if m.type in ("error", "warning") else None
        )
        page.on("pageerror", lambda e: self.errors.append(f"{page.url}: {e}"))
        return page


@pytest.fixture(scope="package")
def member(site: Site, chromium: Browser) -> Iterator[Watched]:
    """A context signed in as `admin` by the one-time link."""
    watched = Watched(chromium, site.url)
    page = watched.page()
    page.goto(site.sign_in_url)
    page.wait_for_url(site.url + "/")
    page.close()
    yield watched
    watched.context.close()


@pytest.fixture
def stranger(site: Site, chromium: Browser) -> Iterator[Watched]:
    """A second, signed-out browser context."""
    watched = Watched(chromium, site.url)
    yield watched
    watched.context.close()

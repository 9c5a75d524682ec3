"""The whole site as its user meets it: `manage.py serve`, a real worker and trainer, and a page in headless Chromium.

Time from the launch click to the first live point beside a bare `import torch`; from an event that the trainer wrote to
the number and to the drawn point on the page; a second start; memory at rest. All on this one machine, whose cores the
browser shares.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
from playwright.sync_api import Error, Page, sync_playwright

from benchmarks.harness import Row
from trainer.events import read_events

ROOT = Path(__file__).resolve().parent.parent
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
WATCH_SECONDS = 15

# When a socket message came, a number in the header changed, the goodness chart was drawn: [ms, seq or points].
RECORDER = """
window.seen = {socket: [], number: [], chart: []};
const Socket = window.WebSocket;
window.WebSocket = class extends Socket {
  constructor(...a) {
    super(...a);
    this.addEventListener("message", (m) => {
      const body = JSON.parse(m.data);
      if (body.type === "events") window.seen.socket.push([Date.now(), body.seq]);
    });
  }
};
document.addEventListener("DOMContentLoaded", () => {
  const stats = document.querySelector("#stats");
  if (stats) new MutationObserver(() => window.seen.number.push([Date.now(), 0]))
    .observe(stats, {subtree: true, childList: true, characterData: true});
});
"""
HOOK_CHART = """() => {
  const plot = document.querySelector("#card-goodness .plot");
  plot.on("plotly_afterplot", () => window.seen.chart.push([Date.now(), plot.data[0].y.length]));
}"""
POINTS = """() => {
  const plot = document.querySelector("#card-goodness .plot");
  return plot && plot.data && plot.data[0] ? plot.data[0].y.length : 0;
}"""


@contextmanager
def serve(home: Path) -> Iterator[tuple[dict[str, Any], float]]:
    """A site on `home`; yields ready.json and the seconds until it was there."""
    env = {k: v for k, v in os.environ.items() if k not in ("REDIS_URL", "DATABASE_URL")}
    env |= {"FFWEB_HOME": str(home), "FFWEB_PORT": "0", "FFWEB_CPU_SLOTS": "1", "FFWEB_GPUS": "none"}
    begin = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "manage.py", "serve"], cwd=ROOT, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        ready = home / "ready.json"
        while not ready.exists():
            if process.poll() is not None or time.perf_counter() - begin > 60:
                raise TimeoutError("the site did not start")
            time.sleep(0.02)
        took = time.perf_counter() - begin
        yield json.loads(ready.read_text()), took
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(15)


def pss(pids: Sequence[int]) -> float:
    """Proportional set size of these processes and all below them, in MiB."""
    every = {p for pid in pids for p in (psutil.Process(pid), *psutil.Process(pid).children(recursive=True))}
    return sum(p.memory_full_info().pss for p in every) / 2**20


def import_torch() -> float:
    """Wall seconds of a bare `python -c "import torch"`, the median of three."""
    samples = []
    for _ in range(3):
        begin = time.perf_counter()
        subprocess.run([sys.executable, "-c", "import torch"], check=True)
        samples.append(time.perf_counter() - begin)
    return statistics.median(samples)


def first_point(page: Page) -> float:
    """Seconds from the launch click to the first point in the goodness chart."""
    page.goto("/runs/new")
    page.locator('[name="schedule.epochs"]').fill("2000")
    page.wait_for_timeout(1000)
    begin = time.perf_counter()
    page.locator("#start").click()
    while True:
        try:
            if page.evaluate(POINTS):
                return time.perf_counter() - begin
        except Error:  # the page is being left for the run's own
            pass
        if time.perf_counter() - begin > 60:
            raise TimeoutError("no point within 60 s")
        page.wait_for_timeout(20)


def delays(page: Page, events: Path) -> dict[str, list[float]]:
    """Milliseconds from each metrics event to the socket, to a changed number, to a drawn chart."""
    page.evaluate(HOOK_CHART)
    begin = time.time()
    page.wait_for_timeout(WATCH_SECONDS * 1000)
    seen = page.evaluate("window.seen")
    written = [(e["t"], e["seq"]) for e in read_events(events)[0] if e["kind"] == "metrics" and e["t"] > begin]
    out: dict[str, list[float]] = {"socket": [], "number": [], "chart": []}
    for t, seq in written:
        arrived = next((at for at, last in seen["socket"] if last >= seq), None)
        if arrived is None:
            continue  # written in the last moment of the watch
        out["socket"].append(arrived - t * 1000)
        for kind in ("number", "chart"):
            shown = next((at for at, _ in seen[kind] if at >= arrived), None)
            if shown is not None:
                out[kind].append(shown - t * 1000)
    return out


def quantile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def rows() -> list[Row]:
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        home = Path(folder)
        with serve(home):
            pass
        with serve(home) as (ready, second):
            time.sleep(5)
            rest = pss([p["pid"] for p in ready["processes"]])
            browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
            page = browser.new_page(base_url=ready["url"])
            page.add_init_script(RECORDER)
            page.goto(ready["sign_in_url"])
            page.wait_for_url(ready["url"])
            torch = import_torch()
            first = first_point(page)
            found = delays(page, home / "runs" / page.url.rsplit("/", 1)[1] / "events.jsonl")
            browser.close()
    return [
        Row("start/second", second, 10, "s"),
        Row("rest/pss", rest, 300, "MiB"),
        Row("live/first-point", first - torch, 2, "s"),
        Row("live/page/p50", quantile(found["number"], 0.5), 250, "ms"),
        Row("live/page", quantile(found["number"], 0.95), 500, "ms"),
        Row("live/page/drawn", quantile(found["chart"], 0.95), 1000, "ms"),
    ]

"""From the event a trainer writes to the message a browser's socket receives, through everything that lies between:

events file, follower, database, embedded Redis, channel layer, web server, websocket; on this one machine. The clients
share its cores. Bytes are those on the wire for 10 metrics at 2 logged steps a second. And what a plot's read costs.
"""

from __future__ import annotations

import asyncio
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
from websockets.asyncio.client import ClientConnection, connect

from benchmarks.harness import Row
from trainer.events import EventWriter

STEPS_A_SECOND = 200
SECONDS = 8.0
CALM_SECONDS = 20.0
VALUES = {
    f"layers/{layer}/{name}": 0.123456789012 * layer for layer in (1, 2) for name in ("gap", "loss", "goodness_pos")
}
VALUES |= {
    "train/loss": 1.2345678901,
    "learning_rate": 0.003,
    "speed/images_per_second": 12345.678,
    "memory/rss": 2.5e8,
}


def rows() -> list[Row]:
    """Measured in a process of its own, with a home of its own."""
    with tempfile.TemporaryDirectory() as home:
        env = os.environ | {"FFWEB_HOME": home, "DJANGO_SETTINGS_MODULE": "ffweb.settings", "REDIS_URL": ""}
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.live", "measure"],
            env=env,
            stdout=subprocess.PIPE,
            timeout=300,
            check=True,
        )
    return [Row(**row) for row in orjson.loads(done.stdout.splitlines()[-1])]


# ── the parts, each a process as in production ────────────────────────────────────────────────────────────────────


@contextmanager
def process(*command: str, fds: tuple[int, ...] = ()) -> Iterator[subprocess.Popen[bytes]]:
    child = subprocess.Popen(command, pass_fds=fds, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        yield child
    finally:
        child.terminate()
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            child.kill()


def until(ready: Callable[[], bool], seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > end:
            raise TimeoutError("A part of the site did not start.")
        time.sleep(0.02)


def follow(run_id: str) -> None:
    """What the worker does while a run trains."""
    import django

    django.setup()
    from django.conf import settings

    from ffweb.live.follow import Follower

    follower = Follower(run_id, settings.RUNS_DIR / run_id)
    while follower.end is None:
        follower.poll()
        time.sleep(0.05)


@dataclass
class Client:
    """What one socket received, and when."""

    seqs: list[int] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    wire: int = 0
    text: int = 0
    greeted: asyncio.Event = field(default_factory=asyncio.Event)


async def listen(client: Client, url: str, headers: dict[str, str], last: int) -> None:
    """Receive until event `last`."""

    class Counting(ClientConnection):
        def data_received(self, data: bytes) -> None:
            client.wire += len(data)
            super().data_received(data)

    async with connect(url, additional_headers=headers, create_connection=Counting) as connection:
        while not client.seqs or client.seqs[-1] < last:
            text = await asyncio.wait_for(connection.recv(), 30)
            client.text += len(text)
            message = orjson.loads(text)
            client.greeted.set()
            if message["type"] == "events":
                now = time.time()
                seqs = sorted([e["seq"] for e in message["events"]] + message.get("metrics", {}).get("seq", []))
                client.seqs += seqs
                client.times += [now] * len(seqs)


async def train(events: EventWriter, steps: int, rate: float) -> list[float]:
    """Write `steps` metrics events, a progress event a second, and the end; returns when each was written."""
    written = []
    begin = time.perf_counter()
    next_progress = 1.0
    for step in range(1, steps + 1):
        await asyncio.sleep(max(0.0, begin + step / rate - time.perf_counter()))
        if step / rate >= next_progress:
            next_progress += 1.0
            written.append(time.time())
            events.write("progress", done=step / steps, eta_s=(steps - step) / rate, phase="train layer 1")
        written.append(time.time())
        events.metrics(
            step=step * 10,
            epoch=step / 23,
            images=step * 640,
            flops=step * 1.2345e9,
            train_seconds=step / rate,
            values=VALUES,
        )
    written.append(time.time())
    events.write("end", status="finished", reason="", field=None)
    return written


@dataclass(frozen=True)
class Site:
    """Where the web server is, and how to come in."""

    address: str
    headers: dict[str, str]

    def url(self, run_id: str) -> str:
        return f"ws://{self.address}/ws/runs/{run_id}?after=1"


async def watch(site: Site, clients: int, steps: int, rate: float) -> tuple[list[Client], list[float]]:
    """A run of `steps` steps with `clients` open pages; returns what they received, and when each event was written."""
    from django.conf import settings

    run_id, last = await asyncio.to_thread(new_run), steps + int(steps / rate) + 2
    folder = settings.RUNS_DIR / run_id
    folder.mkdir(parents=True)
    events = EventWriter(folder / "events.jsonl")
    events.write("start", metrics={}, layers=[], device="cpu", total_steps=steps, resumed_from=None)
    with process(sys.executable, "-m", "benchmarks.live", "follow", run_id):
        await asyncio.to_thread(until, lambda: stored_seq(run_id) >= 1)
        pages = [Client() for _ in range(clients)]
        listening = [asyncio.create_task(listen(page, site.url(run_id), site.headers, last)) for page in pages]
        for page in pages:
            await asyncio.wait_for(page.greeted.wait(), 60)
        written = await train(events, steps, rate)
        await asyncio.gather(*listening)
    for page in pages:
        assert page.seqs == list(range(2, last + 1)), "an event was lost or doubled"
    return pages, written


def new_run() -> str:
    from ffweb.people.models import User
    from ffweb.runs.models import Run

    owner, _ = User.objects.get_or_create(username="bench")
    config = {"name": "bench", "data": {"name": "digits"}, "architecture": {"kind": "mlp", "hidden": [500, 500]}}
    return Run.objects.create(name="bench", owner=owner, config=config, status="running").pk


def stored_seq(run_id: str) -> int:
    from ffweb.runs.models import Run

    return Run.objects.values_list("seq", flat=True).get(pk=run_id)


# ── what is measured ──────────────────────────────────────────────────────────────────────────────────────────────


def measure() -> list[dict[str, Any]]:
    """All rows; called in the process that `rows` starts."""
    from ffweb.serve.embedded import Embedded

    redis = Embedded.new(Path(os.environ["FFWEB_HOME"]) / "redis")
    os.environ["REDIS_URL"] = redis.url
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    reads = store_reads()
    with serving(redis) as site:
        return [*latencies(site), *traffic(site), *reads]


@contextmanager
def serving(redis: Any) -> Iterator[Site]:
    from ffweb.people.models import ApiToken, User, hash_secret, new_secret
    from ffweb.serve.embedded import answers
    from ffweb.serve.services import http_answers

    owner, _ = User.objects.get_or_create(username="bench")
    token = new_secret()
    ApiToken.objects.create(user=owner, token_hash=hash_secret(token))
    listener = socket.create_server(("127.0.0.1", 0))
    address = f"127.0.0.1:{listener.getsockname()[1]}"
    with (
        process(*redis.command()),
        process(sys.executable, "-m", "ffweb.serve.web", str(listener.fileno()), fds=(listener.fileno(),)),
    ):
        until(lambda: answers(redis.url) and http_answers(f"http://{address}"))
        yield Site(address, {"Origin": f"http://{address}", "Authorization": f"Bearer {token}"})


def latencies(site: Site) -> Iterator[dict[str, Any]]:
    for clients in (1, 50):
        pages, written = asyncio.run(watch(site, clients, int(STEPS_A_SECOND * SECONDS), STEPS_A_SECOND))
        delays = [got - at for page in pages for got, at in zip(page.times, written, strict=True)]
        p95 = statistics.quantiles(delays, n=20)[-1]
        yield row(f"live/socket-{clients}", 1000 * p95, 250, "ms")


def traffic(site: Site) -> Iterator[dict[str, Any]]:
    pages, _ = asyncio.run(watch(site, 1, int(2 * CALM_SECONDS), 2))
    for what, count in (("wire", pages[0].wire), ("text", pages[0].text)):
        megabytes = count / CALM_SECONDS * 60 / 1e6
        yield row(f"live/bytes-{what}", megabytes, 0.1, "MB/min")


def store_reads() -> list[dict[str, Any]]:
    import numpy as np

    from ffweb.metrics import store

    found = []
    for series, points, pixels, bar in ((100, 10_000, 600, 100), (20, 100_000, 1000, 400)):
        run_id = new_run()
        steps = list(range(0, 10 * points, 10))
        values = np.random.default_rng(1).normal(size=points).tolist()
        store.append(run_id, {f"layers/{i}/gap": (steps, values) for i in range(series)})
        costs = []
        for _ in range(9):
            begin = time.perf_counter()
            read = store.window(run_id, ["*"], points=pixels)
            orjson.dumps({name: store.typed(window) for name, window in read.items()})
            costs.append(time.perf_counter() - begin)
        what = f"store/{series}x{points}"
        found.append(row(what, 1000 * statistics.median(costs), bar, "ms"))
    return found


def row(work: str, measured: float, bar: float, unit: str) -> dict[str, Any]:
    return {"work": work, "measured": measured, "bar": bar, "unit": unit}


if __name__ == "__main__":
    if sys.argv[1:2] == ["follow"]:
        follow(sys.argv[2])
    else:
        print(orjson.dumps(measure()).decode())

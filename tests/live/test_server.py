"""The live path through a real web server and the embedded Redis, as a browser meets it."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson
import pytest
from channels.layers import channel_layers
from django.conf import settings
from live_events import Trainer
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from ffweb.live import push
from ffweb.live.follow import Follower
from ffweb.people.models import ApiToken, User, hash_secret, new_secret
from ffweb.runs.models import Run
from ffweb.serve.embedded import Embedded, answers
from ffweb.serve.services import http_answers
from tests.waiting import PATIENCE

pytestmark = [pytest.mark.services, pytest.mark.slow, pytest.mark.timeout(600), pytest.mark.django_db(transaction=True)]


@contextmanager
def process(command: list[str], **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, **options)
    try:
        yield child
    finally:
        child.kill()
        child.wait(PATIENCE)


def until(ready: Callable[[], bool]) -> None:
    end = time.monotonic() + 100
    while not ready():
        assert time.monotonic() < end, "A part of the site did not start."
        time.sleep(0.05)


def database_url() -> str:
    """The database of the tests, as another process names it."""
    database = settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        return f"sqlite:///{database['NAME']}"
    return urlsplit(settings.DATABASE_URL)._replace(path=f"/{database['NAME']}").geturl()


class Site:
    """Redis and a web server on the tests' database."""

    def __init__(self, folder: Path, token: str) -> None:
        self.redis = Embedded.new(folder / "redis")
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.listener.getsockname()[1]}"
        self.headers = {"Origin": f"http://{self.address}", "Authorization": f"Bearer {token}"}
        self.env = os.environ | {
            "FFWEB_HOME": str(folder / "home"),
            "REDIS_URL": self.redis.url,
            "DATABASE_URL": database_url(),
            "DJANGO_SETTINGS_MODULE": "ffweb.settings",
        }
        self.redis_process = ExitStack()

    def start_redis(self) -> None:
        self.redis_process.enter_context(process(self.redis.command()))
        until(lambda: answers(self.redis.url))

    def web(self) -> Any:
        fd = self.listener.fileno()
        return process([sys.executable, "-m", "ffweb.serve.web", str(fd)], pass_fds=(fd,), env=self.env)

    @asynccontextmanager
    async def page(self, path: str, **headers: str) -> AsyncIterator[ClientConnection]:
        async with connect(f"ws://{self.address}{path}", additional_headers=self.headers | headers) as page:
            yield page


@pytest.fixture
def site(alice: User, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    token = new_secret()
    ApiToken.objects.create(user=alice, token_hash=hash_secret(token))
    site = Site(tmp_path, token)
    settings.CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {"hosts": [site.redis.url], "prefix": "ffweb"},
        }
    }
    channel_layers.backends.clear()
    monkeypatch.setattr(push, "_courier", push.Courier())
    site.start_redis()
    with site.web():
        until(lambda: http_answers(f"http://{site.address}"))
        yield site
    site.redis_process.close()
    channel_layers.backends.clear()


async def events_until(page: ClientConnection, seq: int, seconds: float = 60) -> list[int]:
    """Every seq received until `seq` is."""
    seqs: list[int] = []
    async with asyncio.timeout(seconds):
        while not seqs or seqs[-1] < seq:
            message = orjson.loads(await page.recv())
            if message["type"] == "events":
                seqs += sorted([e["seq"] for e in message["events"]] + message.get("metrics", {}).get("seq", []))
    return seqs


async def test_an_idle_page_lives_and_a_restarted_redis_loses_nothing(site: Site, run: Run, folder: Path) -> None:
    trainer = Trainer(folder)
    follower = await asyncio.to_thread(Follower, run.pk, folder)

    async def store() -> None:
        await asyncio.to_thread(follower.poll)

    async with site.page(f"/ws/runs/{run.pk}") as page:
        await store()
        assert await events_until(page, 1) == [1]
        await asyncio.sleep(8)  # redis-py's own timeout is 5 s
        trainer.train(3)
        await store()
        assert await events_until(page, 4) == [2, 3, 4]

        site.redis_process.close()  # killed
        trainer.train(3)
        await store()
        assert await events_until(page, 7) == [5, 6, 7]  # by the page's own look at the database

        await asyncio.to_thread(site.start_redis)
        trainer.train(1)
        await store()
        assert await events_until(page, 8) == [8]


async def test_close_codes_reach_the_reader(site: Site, run: Run) -> None:
    for path, headers, code in (
        ("/ws/runs/zzzzzzzz", {}, 4404),
        ("/ws/s/nonsense", {}, 4410),
        ("/ws/nowhere", {}, 4404),
        (f"/ws/runs/{run.pk}?after=x", {}, 4400),
        (f"/ws/runs/{run.pk}", {"Authorization": ""}, 4401),
    ):
        async with site.page(path, **headers) as page:
            with pytest.raises(ConnectionClosed):
                await asyncio.wait_for(page.recv(), 60)
            assert page.close_code == code
    with pytest.raises(InvalidStatus):
        async with site.page(f"/ws/runs/{run.pk}", Origin="https://evil.example"):
            pass

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from channels.layers import channel_layers
from live_events import Pushed

from ffweb.live import push
from ffweb.people.models import User
from ffweb.runs.models import Run


@pytest.fixture
def alice(db: None) -> User:
    """Owns the run."""
    return User.objects.create_user("alice", password="secret")


@pytest.fixture
def bob(db: None) -> User:
    """Another member of the team."""
    return User.objects.create_user("bob", password="secret")


@pytest.fixture
def run(alice: User) -> Run:
    return Run.objects.create(name="one", owner=alice, config={"data": {"name": "digits"}})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "run"


@pytest.fixture
async def courier(monkeypatch: pytest.MonkeyPatch) -> push.Courier:
    """Pushes go through the test's own loop: the in-memory layer lives in one loop only."""
    channel_layers.backends.clear()
    courier = push.Courier(asyncio.get_running_loop())
    monkeypatch.setattr(push, "_courier", courier)
    return courier


@pytest.fixture
def pushed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Pushed]:
    calls = Pushed()
    monkeypatch.setattr("ffweb.live.follow.push_events", lambda run, lines, a, b: calls.append(("events", (a, b))))
    monkeypatch.setattr("ffweb.live.follow.push_run", lambda run: calls.append(("run", None)))
    return calls

"""A browser at the other end of a socket, without a server between (channels.testing would need daphne)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import orjson
from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from channels.routing import URLRouter
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import AnonymousUser

from ffweb.live.routing import addresses
from ffweb.people.models import User
from ffweb.people.sessions import SessionStore

SECONDS = 60  # a busy machine takes its time
Headers = list[tuple[bytes, bytes]]


def off_loop(function: Callable[..., Any], *args: Any, **named: Any) -> Any:
    """Run database work in a thread, as workers and views do."""
    return sync_to_async(function, thread_sensitive=False)(*args, **named)


class Reader:
    """`code` is the close code once the socket is closed."""

    def __init__(
        self,
        path: str,
        user: User | None = None,
        headers: Headers | None = None,
        app: Any = None,
        session: SessionStore | None = None,
    ) -> None:
        path, _, query = path.partition("?")
        scope = {
            "type": "websocket",
            "path": path,
            "query_string": query.encode(),
            "headers": headers or [],
            "subprotocols": [],
        }
        known = {} if app else {"user": user or AnonymousUser(), "session": session}
        self.wire = ApplicationCommunicator(app or URLRouter(addresses), scope | known)

    async def open(self) -> bool:
        await self.wire.send_input({"type": "websocket.connect"})
        return (await self.wire.receive_output(SECONDS))["type"] == "websocket.accept"

    async def message(self) -> dict[str, Any]:
        """The next that has news in it."""
        while (found := await self.any_message())["type"] == "beat":
            pass
        return found

    async def any_message(self) -> dict[str, Any]:
        output = await self.wire.receive_output(SECONDS)
        assert output["type"] == "websocket.send", output
        return orjson.loads(output["text"])

    async def close_code(self) -> int:
        """Skip what is still sent."""
        while (output := await self.wire.receive_output(SECONDS))["type"] != "websocket.close":
            pass
        return output["code"]

    async def until(self, seq: int) -> list[dict[str, Any]]:
        """Messages up to the events message that ends with `seq`."""
        found = [await self.message()]
        while not (found[-1]["type"] == "events" and found[-1]["seq"] == seq):
            found.append(await self.message())
        return found

    async def run_until(self, key: str, value: Any) -> dict[str, Any]:
        """The run of the first `run` message that says so."""
        while True:
            message = await self.message()
            if message["type"] == "run" and message["run"].get(key) == value:
                return message["run"]

    async def say(self, text: str) -> None:
        await self.wire.send_input({"type": "websocket.receive", "text": text})

    async def silent(self, seconds: float = 0.2) -> bool:
        return await self.wire.receive_nothing(seconds)

    async def leave(self) -> None:
        await self.wire.send_input({"type": "websocket.disconnect", "code": 1001})
        await self.wire.wait(SECONDS)


def session_of(user: User) -> SessionStore:
    """As signing in makes it."""
    session = SessionStore()
    session[SESSION_KEY], session[HASH_SESSION_KEY] = str(user.pk), user.get_session_auth_hash()
    session.create()
    session.save()
    return session


@asynccontextmanager
async def reading(path: str, user: User | None = None, headers: Headers | None = None) -> AsyncIterator[Reader]:
    reader = Reader(path, user, headers, session=await sync_to_async(session_of)(user) if user else None)
    assert await reader.open()
    yield reader
    await reader.leave()


def events_of(messages: list[dict[str, Any]]) -> list[int]:
    """Every seq that was sent, in the order of the messages."""
    seqs: list[int] = []
    for message in messages:
        if message["type"] == "events":
            seqs += sorted([e["seq"] for e in message["events"]] + message.get("metrics", {}).get("seq", []))
    return seqs

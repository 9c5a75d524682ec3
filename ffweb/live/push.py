"""Tell open pages that something was stored. Every push is a hint: the truth is in the database, and pages ask for it.

Callable from any thread, process or event loop; returns at once and never raises for a Redis that is away. One event
loop in a thread of its own sends for the whole process, so that callers need no loop and messages keep their order.
"""

from __future__ import annotations

import asyncio
import atexit
import concurrent.futures
import logging
import os
import threading

from channels.layers import get_channel_layer
from redis.exceptions import RedisError

from ffweb.live.messages import (
    RUNS_GROUP,
    LayerMessage,
    RunEvents,
    run_group,
    session_group,
    sessions_group,
    share_group,
    token_group,
    user_group,
)
from ffweb.live.wire import packets

log = logging.getLogger(__name__)

SEND_SECONDS = 2.0  # beyond, a hint is given up
MOST_WAITING = 1000  # hints on their way; more are dropped while Redis is away
LARGEST_TEXT = 256 * 1024  # characters; longer messages are read from the database by those who want them
LAST_SECONDS = 1.0  # a process that ends waits so long for hints on their way


class Courier:
    """Sends in order, on `loop` or else on an event loop in a thread of its own."""

    def __init__(self, loop: asyncio.AbstractEventLoop | None = None) -> None:
        self._loop = loop
        self._lock = threading.Lock()
        self._waiting: set[concurrent.futures.Future[None]] = set()

    def send(self, group: str, message: LayerMessage) -> None:
        if len(self._waiting) >= MOST_WAITING:
            return
        sent = asyncio.run_coroutine_threadsafe(self._deliver(group, message), self._running_loop())
        self._waiting.add(sent)
        sent.add_done_callback(self._waiting.discard)

    def flush(self, seconds: float = LAST_SECONDS) -> None:
        """Wait for what is on its way; not from the loop that sends."""
        concurrent.futures.wait(list(self._waiting), timeout=seconds)

    def _running_loop(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                threading.Thread(target=self._loop.run_forever, name="push", daemon=True).start()
            return self._loop

    async def _deliver(self, group: str, message: LayerMessage) -> None:
        try:
            async with asyncio.timeout(SEND_SECONDS):
                layer = get_channel_layer()
                if layer is not None:
                    await layer.group_send(group, dict(message))
        except (OSError, RedisError, TimeoutError) as error:
            log.warning("A live update did not go out (%s: %s); pages will ask for it.", type(error).__name__, error)


_courier = Courier()


def _start_anew() -> None:
    """A forked child has no sending thread: it makes its own."""
    global _courier  # noqa: PLW0603
    _courier = Courier()


def flush() -> None:
    """Wait a moment for hints on their way: a command that ends at once has told the pages all the same."""
    _courier.flush()


os.register_at_fork(after_in_child=_start_anew)
atexit.register(flush)


def push_events(run_id: str, lines: bytes, seq0: int, seq: int) -> None:
    """Events seq0 … seq of a run are stored; `lines` are their lines as stored."""
    for packet in packets(lines):
        _courier.send(run_group(run_id), _events(packet.seq0, packet.seq, packet.text, packet.share, packet.opens))


def _events(seq0: int, seq: int, text: str | None, share: str | None, opens: bool) -> RunEvents:
    if text is not None and len(text) > LARGEST_TEXT:
        text = share = None
    return {"type": "run.events", "seq0": seq0, "seq": seq, "text": text, "share": share, "opens": opens}


def push_run(run_id: str) -> None:
    """The row of a run changed: status, progress, name, visibility, …; its page and the tables ask for it."""
    for group in (run_group(run_id), RUNS_GROUP):
        _courier.send(group, {"type": "run.changed", "id": run_id})


def close_share(share_id: int) -> None:
    """A share was revoked: its open sockets close."""
    _courier.send(share_group(share_id), {"type": "share.closed"})


def close_session(session: str) -> None:
    """Somebody signed out: the sockets of that session (named by `passes.named`) close."""
    _courier.send(session_group(session), {"type": "pass.ended", "kept": ""})


def close_sessions(user_id: int, kept: str = "") -> None:
    """A password changed: the sockets of all sessions of a member close; those of `kept` may come again."""
    _courier.send(sessions_group(user_id), {"type": "pass.ended", "kept": kept})


def close_token(token_id: int) -> None:
    """A token was revoked: the sockets that it opened close."""
    _courier.send(token_group(token_id), {"type": "pass.ended", "kept": ""})


def close_user(user_id: int) -> None:
    """A member was deactivated: their open sockets close, and those of the shares they made."""
    _courier.send(user_group(user_id), {"type": "user.closed"})

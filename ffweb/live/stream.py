"""The socket of one run: hello, then the run as it changes and its events, in order, each once.

The group is joined before the database is read, so that nothing falls between; what a push did not bring is read from
the database; and every few seconds the database is asked whether a push got lost and whether the reader may still look.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Any

from channels.consumer import get_handler_name
from channels.generic.websocket import AsyncWebsocketConsumer
from django.db import DatabaseError

from ffweb.live import glance, replay
from ffweb.live.database import in_database
from ffweb.live.feed import Feed
from ffweb.live.glance import Glance, Together
from ffweb.live.messages import LATER, MALFORMED, NO_SUCH_RUN, Beat, RunChanged, RunEvents, ToBrowser, run_group
from ffweb.live.wire import Packet, dumps

log = logging.getLogger(__name__)

PACE_SECONDS = 0.05  # between two messages
CHECK_SECONDS = 5.0  # between two looks at the database when no push comes
BEAT_SECONDS = 4.5  # without a message: the next look ends with a beat, so that a reader can tell silence from quiet
BROKEN = 1011

_together = Together()


class Refused(Exception):
    """The reader may not, or no longer, look; `code` closes the socket."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Socket(AsyncWebsocketConsumer):
    """Accepts, then serves in a task of its own; closes with a code the browser can see."""

    async def dispatch(self, message: Any) -> None:
        """As Channels does, without a visit to its database thread before every message: `in_database` does that."""
        await getattr(self, get_handler_name(message))(message)

    async def connect(self) -> None:
        await self.accept()  # a close before this reaches the browser as 1006, whatever its code
        self._groups: list[str] = []
        self._spoke = asyncio.get_running_loop().time()
        self._task = asyncio.create_task(self._run())

    async def serve(self) -> None:
        """Send until the socket ends. Raises Refused."""
        raise NotImplementedError

    async def join(self, group: str) -> None:
        await self.channel_layer.group_add(group, self.channel_name)
        self._groups.append(group)

    async def say(self, text: str) -> None:
        """Send a message to the reader."""
        self._spoke = asyncio.get_running_loop().time()
        await self.send(text)

    async def beat(self) -> None:
        """Show that this socket lives, and the database behind it, if nothing else has shown it lately."""
        if asyncio.get_running_loop().time() - self._spoke >= BEAT_SECONDS:
            await self.say(dumps(Beat(type="beat")))

    async def refuse(self, code: int) -> None:
        """Close at once, whatever is being served."""
        self._task.cancel()
        await self._shut(code)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        await self.refuse(MALFORMED)  # these sockets only tell; there is nothing to say to them

    async def disconnect(self, code: int) -> None:
        self._task.cancel()
        for group in self._groups:
            await self.channel_layer.group_discard(group, self.channel_name)

    async def _run(self) -> None:
        try:
            await self.serve()
        except Refused as refused:
            await self._shut(refused.code)
        except DatabaseError as error:  # away or restarting: they come again when it is there
            log.warning("A socket closed, because the database did not answer: %s", error)
            await self._shut(LATER)
        except OSError:
            log.debug("A reader went away while something was sent.")
        except Exception:  # whatever it was, the reader must not look at a dead page: they reconnect and go on
            log.exception("A socket broke.")
            await self._shut(BROKEN)

    async def _shut(self, code: int) -> None:
        with contextlib.suppress(OSError, RuntimeError):  # it may have gone by itself
            await self.close(code)


class Stream(Socket):
    """The events of one run, from the cursor `?after=` on."""

    async def enter(self) -> str:
        """Join the groups that can close this socket and return the run's id. Raises Refused."""
        raise NotImplementedError

    async def still_allowed(self) -> None:
        """Raises Refused."""
        raise NotImplementedError

    def patience(self) -> float:
        """Seconds to wait for a push before looking by oneself."""
        return CHECK_SECONDS

    def payload(self, seen: Glance) -> dict[str, Any]:
        """What this reader may see of the run."""
        return seen.run

    def packet(self, packet: Packet) -> Packet:
        """What this reader may see of some events."""
        return packet

    async def serve(self) -> None:
        after = cursor(self.scope)
        self._wake = asyncio.Event()
        self._look = False
        self._due = 0.0
        self._feed = Feed(after)
        self.run_id = await self.enter()
        self._ask_at = _now() + self.patience()
        await self.join(run_group(self.run_id))
        self._seen = await self._glance()
        await self._tell({"type": "hello", "run": self.payload(self._seen), "seq": self._seen.seq})
        if after > self._seen.seq:  # a cursor of another life of the database
            await self._reload()
        self._feed.hear(self._seen.seq)
        while True:
            await self._ask_again()
            await self._tell_run()
            await self._tell_events()
            await self.beat()
            if not (self._look or self._feed.waits):
                await self._sleep()

    # ── pushes: they only take note, so that the layer's queue stays short ────────────────────────────────────────

    async def run_events(self, message: RunEvents) -> None:
        if message["text"] is None:
            self._feed.hear(message["seq"])
        else:
            whole = Packet(message["seq0"], message["seq"], message["text"], message["share"], message["opens"])
            self._feed.offer(self.packet(whole))
        self._wake.set()

    async def run_changed(self, message: RunChanged) -> None:
        self._look = True
        self._wake.set()

    # ── sending ───────────────────────────────────────────────────────────────────────────────────────────────────

    async def _ask_again(self) -> None:
        """However much is pushed: whether the reader may still look is asked as often as if nothing were."""
        if _now() >= self._ask_at:
            await self.still_allowed()
            self._ask_at = _now() + self.patience()

    async def _sleep(self) -> None:
        """Until a push comes; without one the database is asked."""
        try:
            await asyncio.wait_for(self._wake.wait(), max(0.0, self._ask_at - _now()))
        except TimeoutError:
            self._look = True
        self._wake.clear()

    async def _glance(self) -> Glance:
        seen = await _together.get(self.run_id)
        if seen is None:
            await self.still_allowed()
            raise Refused(NO_SUCH_RUN)
        return seen

    async def _tell_run(self) -> None:
        if not self._look:
            return
        self._look = False
        before, self._seen = self._seen, await self._glance()
        if self._seen.standing != before.standing:
            await self.still_allowed()
        self._feed.hear(self._seen.seq)
        changed = glance.changes(self.payload(before), self.payload(self._seen))
        if changed is not None:
            await self._tell({"type": "run", "run": changed})

    async def _tell_events(self) -> None:
        if not self._feed.waits:
            return
        await self._pace()  # first wait, then take: what comes meanwhile goes into the same message
        if self._feed.behind:
            try:
                packets = await in_database(replay.after, self.run_id, self._feed.cursor)
            except replay.TooOld:
                await self._reload()
                return
            self._feed.refill(map(self.packet, packets))
        text = self._feed.take()
        if text is not None:
            await self._send(text)

    async def _reload(self) -> None:
        """The page fetches its series anew; all that this run has said before now will be in them."""
        seq = (await self._glance()).seq
        self._feed = Feed(seq)
        await self._tell({"type": "reload", "seq": seq})

    async def _tell(self, message: ToBrowser) -> None:
        await self._pace()
        await self._send(dumps(message))

    async def _pace(self) -> None:
        wait = self._due - _now()
        if wait > 0:
            await asyncio.sleep(wait)

    async def _send(self, text: str) -> None:
        self._due = _now() + PACE_SECONDS
        await self.say(text)


def _now() -> float:
    return asyncio.get_running_loop().time()


def cursor(scope: Any) -> int:
    """`?after=` of a socket's address, 0 without one. Raises Refused for what is no count."""
    fields = dict(part.partition(b"=")[::2] for part in scope["query_string"].split(b"&") if part)
    text = fields.get(b"after", b"0")
    if not (text.isdigit() and len(text) <= 15):
        raise Refused(MALFORMED)
    return int(text)

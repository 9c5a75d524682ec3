"""The websockets: `/ws/runs/<id>`, `/ws/s/<token>`, `/ws/runs`, and a plain answer to any other address."""

from __future__ import annotations

import asyncio
import math
from datetime import datetime
from typing import Any

from channels.generic.websocket import AsyncWebsocketConsumer
from django.utils import timezone

from ffweb.live.database import in_database
from ffweb.live.glance import Glance
from ffweb.live.messages import (
    COME_AGAIN,
    LATER,
    NO_SUCH_RUN,
    RUNS_GROUP,
    SHARE_GONE,
    SIGN_IN,
    PassEnded,
    RunChanged,
    ShareClosed,
    UserClosed,
    session_group,
    sessions_group,
    share_group,
    token_group,
    user_group,
)
from ffweb.live.stream import CHECK_SECONDS, Refused, Socket, Stream
from ffweb.live.wire import Packet, dumps
from ffweb.people import passes
from ffweb.people.guesses import TooManyGuesses
from ffweb.people.passes import Pass
from ffweb.people.services import token_of
from ffweb.runs import status
from ffweb.runs.access import NotVisible, ShareGone, run_for, runs_for, share_for
from ffweb.runs.models import Share
from ffweb.runs.queries import rows_payload

TABLE_SECONDS = 0.5  # between two messages to a table
MOST_ROWS = 100  # of a message to a table


def address(scope: Any) -> str:
    """Where a reader calls from."""
    return str((scope.get("client") or ("",))[0])


class MemberSocket(Socket):
    """A socket for a member: it is open as long as what let them in would let them in again."""

    let_in: Pass
    expires: datetime | None

    async def admit(self) -> None:
        """Find who it is, by a token (whatever the cookie says) or a session. Raises Refused."""
        self.let_in = await self._pass()
        self.expires = await in_database(self.let_in.ends)
        mine = self.let_in
        by = [token_group(mine.token_id)] if mine.token_id is not None else []
        for group in by or [session_group(mine.session), sessions_group(mine.user_id)]:
            await self.join(group)
        await self.join(user_group(mine.user_id))

    async def _pass(self) -> Pass:
        user: Any = self.scope["user"]
        kind, _, secret = dict(self.scope["headers"]).get(b"authorization", b"").decode("latin-1").partition(" ")
        if kind:
            try:
                token = await in_database(token_of, secret if kind.lower() == "bearer" else "", address(self.scope))
            except TooManyGuesses:
                raise Refused(LATER) from None
            if token is not None:
                return Pass(token.user_id, token_id=token.pk)
        elif user.is_authenticated:
            return Pass(user.pk, self.scope["session"].session_key or "")
        raise Refused(SIGN_IN)

    def wait(self, seconds: float) -> float:
        """At most until the session expires by itself; one that goes on after that was made longer meanwhile."""
        left = (self.expires - timezone.now()).total_seconds() if self.expires else math.inf
        return min(seconds, max(0.05, left)) if left > 0 else seconds

    async def user_closed(self, message: UserClosed) -> None:
        await self.refuse(SIGN_IN)

    async def pass_ended(self, message: PassEnded) -> None:
        """This browser's own session goes on under another key after a new password: it comes again with that."""
        mine = message["kept"] and message["kept"] == self.let_in.session
        await self.refuse(COME_AGAIN if mine else SIGN_IN)


class RunSocket(MemberSocket, Stream):
    """A run for a member who may see it."""

    async def enter(self) -> str:
        await self.admit()
        await self.still_allowed()
        return str(self.scope["url_route"]["kwargs"]["run_id"]).lower()

    async def still_allowed(self) -> None:
        try:
            await in_database(_visible, self.let_in, self.scope["url_route"]["kwargs"]["run_id"])
        except passes.PassEnded:
            raise Refused(SIGN_IN) from None
        except NotVisible:
            raise Refused(NO_SUCH_RUN) from None

    def patience(self) -> float:
        return self.wait(super().patience())


def _visible(let_in: Pass, run_id: str) -> None:
    run_for(let_in.holder(), run_id)


class ShareSocket(Stream):
    """A run for whoever has the link, until it is revoked or expires."""

    share: Share

    async def enter(self) -> str:
        await self.still_allowed()
        await self.join(share_group(self.share.pk))
        await self.join(user_group(self.share.created_by_id))
        await self.still_allowed()  # it may have been revoked before the groups were joined
        return self.share.run_id

    async def still_allowed(self) -> None:
        try:
            token = self.scope["url_route"]["kwargs"]["token"]
            self.share = await in_database(share_for, token, address(self.scope))
        except ShareGone:
            raise Refused(SHARE_GONE) from None
        except TooManyGuesses:
            raise Refused(LATER) from None

    def payload(self, seen: Glance) -> dict[str, Any]:
        return seen.share

    def packet(self, packet: Packet) -> Packet:
        return packet.for_share()

    def patience(self) -> float:
        """At the moment it expires the share is looked at again."""
        left = (self.share.expires_at - timezone.now()).total_seconds() if self.share.expires_at else math.inf
        return max(0.0, min(super().patience(), left))

    async def share_closed(self, message: ShareClosed) -> None:
        await self.refuse(SHARE_GONE)

    async def user_closed(self, message: UserClosed) -> None:
        await self.refuse(SHARE_GONE)


class RunsSocket(MemberSocket):
    """The rows of the runs table that change, of the runs a member may see."""

    async def serve(self) -> None:
        self._changed: set[str] = set()
        self._wake = asyncio.Event()
        self._shown: dict[str, str] = {}  # rows of active runs as they were sent
        try:
            await self._serve()
        except passes.PassEnded:
            raise Refused(SIGN_IN) from None

    async def _serve(self) -> None:
        await self.admit()
        await self.join(RUNS_GROUP)
        self._changed.update(await in_database(_active, self.let_in))
        now = asyncio.get_running_loop().time
        due = now() + self.wait(CHECK_SECONDS)
        while True:
            await self._send_rows()
            await self.beat()
            try:
                await asyncio.wait_for(self._wake.wait(), due - now())
            except TimeoutError:  # a push may have got lost, or a run has gone silent
                self._changed.update(self._shown)
                await in_database(self.let_in.holder)
                due = now() + self.wait(CHECK_SECONDS)

    async def run_changed(self, message: RunChanged) -> None:
        self._changed.add(message["id"])
        self._wake.set()

    async def _send_rows(self) -> None:
        """Each time the rows are read, so is whether the pass still holds."""
        asked, self._changed = sorted(self._changed)[:MOST_ROWS], set(sorted(self._changed)[MOST_ROWS:])
        if not self._changed:
            self._wake.clear()
        if not asked:
            return
        rows = await in_database(_rows, self.let_in, asked)
        items = [row for row in rows if self._news(row)]
        for gone in set(asked).difference(row["id"] for row in rows):
            self._shown.pop(gone, None)
        if items:
            await self.say(dumps({"type": "runs", "items": items}))
            await asyncio.sleep(TABLE_SECONDS)

    def _news(self, row: dict[str, Any]) -> bool:
        """Whether a row differs from what was sent. Only active runs are remembered: the others change by a push."""
        text = dumps(row)
        if text == self._shown.get(row["id"]):
            return False
        self._shown.pop(row["id"], None)
        if row["status"] in status.ACTIVE:
            self._shown[row["id"]] = text
        return True


def _active(let_in: Pass) -> list[str]:
    user = let_in.holder()
    return list(runs_for(user).filter(status__in=status.ACTIVE).values_list("pk", flat=True)[:MOST_ROWS])


def _rows(let_in: Pass, run_ids: list[str]) -> list[dict[str, Any]]:
    user = let_in.holder()
    return rows_payload(list(runs_for(user).filter(pk__in=run_ids).select_related("owner")))


class NoSuchSocket(AsyncWebsocketConsumer):
    """Any other address: without it Channels answers with a traceback."""

    async def connect(self) -> None:
        await self.accept()
        await self.close(NO_SUCH_RUN)

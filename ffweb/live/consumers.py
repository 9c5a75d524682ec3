"""The websockets: `/ws/runs/<id>`, `/ws/s/<token>`, `/ws/runs`, and a plain answer to any other address."""

from __future__ import annotations

import asyncio
import math
from typing import Any

from channels.generic.websocket import AsyncWebsocketConsumer
from django.utils import timezone

from ffweb.live.database import in_database
from ffweb.live.glance import Glance
from ffweb.live.messages import (
    NO_SUCH_RUN,
    RUNS_GROUP,
    SHARE_GONE,
    SIGN_IN,
    RunChanged,
    ShareClosed,
    UserClosed,
    share_group,
    user_group,
)
from ffweb.live.stream import CHECK_SECONDS, Refused, Socket, Stream
from ffweb.live.wire import Packet, dumps
from ffweb.people.models import User
from ffweb.people.services import user_of_token
from ffweb.runs import status
from ffweb.runs.access import NotVisible, ShareGone, run_for, runs_for, share_for
from ffweb.runs.models import Share
from ffweb.runs.queries import rows_payload

TABLE_SECONDS = 0.5  # between two messages to a table
MOST_ROWS = 100  # of a message to a table


async def member(scope: Any) -> int:
    """Who is signed in, by session or by `Authorization: Bearer`. Raises Refused."""
    user = scope["user"]
    if user.is_authenticated:
        return int(user.pk)
    kind, _, token = dict(scope["headers"]).get(b"authorization", b"").decode("latin-1").partition(" ")
    owner = await in_database(user_of_token, token) if kind.lower() == "bearer" else None
    if owner is None:
        raise Refused(SIGN_IN)
    return owner.pk


class RunSocket(Stream):
    """A run for a member who may see it."""

    user_id: int

    async def enter(self) -> str:
        self.user_id = await member(self.scope)
        await self.join(user_group(self.user_id))
        await self.still_allowed()
        return str(self.scope["url_route"]["kwargs"]["run_id"]).lower()

    async def still_allowed(self) -> None:
        try:
            await in_database(_visible, self.user_id, self.scope["url_route"]["kwargs"]["run_id"])
        except User.DoesNotExist:
            raise Refused(SIGN_IN) from None
        except NotVisible:
            raise Refused(NO_SUCH_RUN) from None

    async def user_closed(self, message: UserClosed) -> None:
        await self.refuse(SIGN_IN)


def _visible(user_id: int, run_id: str) -> None:
    run_for(User.objects.get(pk=user_id, is_active=True), run_id)


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
            self.share = await in_database(share_for, self.scope["url_route"]["kwargs"]["token"])
        except ShareGone:
            raise Refused(SHARE_GONE) from None

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


class RunsSocket(Socket):
    """The rows of the runs table that change, of the runs a member may see."""

    async def serve(self) -> None:
        user_id = await member(self.scope)
        self._changed: set[str] = set()
        self._wake = asyncio.Event()
        self._shown: dict[str, str] = {}  # rows of active runs as they were sent
        await self.join(user_group(user_id))
        await self.join(RUNS_GROUP)
        self._changed.update(await in_database(_active, user_id))
        now = asyncio.get_running_loop().time
        due = now() + CHECK_SECONDS
        while True:
            await self._send_rows(user_id)
            await self.beat()
            try:
                await asyncio.wait_for(self._wake.wait(), due - now())
            except TimeoutError:  # a push may have got lost, or a run has gone silent
                self._changed.update(self._shown)
                due = now() + CHECK_SECONDS

    async def run_changed(self, message: RunChanged) -> None:
        self._changed.add(message["id"])
        self._wake.set()

    async def user_closed(self, message: UserClosed) -> None:
        await self.refuse(SIGN_IN)

    async def _send_rows(self, user_id: int) -> None:
        asked, self._changed = sorted(self._changed)[:MOST_ROWS], set(sorted(self._changed)[MOST_ROWS:])
        if not self._changed:
            self._wake.clear()
        if not asked:
            return
        try:
            rows = await in_database(_rows, user_id, asked)
        except User.DoesNotExist:
            raise Refused(SIGN_IN) from None
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


def _active(user_id: int) -> list[str]:
    user = User.objects.get(pk=user_id)
    return list(runs_for(user).filter(status__in=status.ACTIVE).values_list("pk", flat=True)[:MOST_ROWS])


def _rows(user_id: int, run_ids: list[str]) -> list[dict[str, Any]]:
    user = User.objects.get(pk=user_id, is_active=True)
    return rows_payload(list(runs_for(user).filter(pk__in=run_ids).select_related("owner")))


class NoSuchSocket(AsyncWebsocketConsumer):
    """Any other address: without it Channels answers with a traceback."""

    async def connect(self) -> None:
        await self.accept()
        await self.close(NO_SUCH_RUN)

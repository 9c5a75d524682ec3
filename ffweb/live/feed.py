"""What one socket has still to send: pushed packets in order, or the knowledge that the database has more.

Bounded: a socket that is too slow forgets what waits and reads it again, later, from the database.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from ffweb.live.wire import Packet, merge

MOST_TEXT = 1 << 20  # characters that may wait
LARGEST_MESSAGE = 1 << 18  # merging stops here


class Feed:
    """Everything after `cursor`, each event once."""

    def __init__(self, cursor: int) -> None:
        self.cursor = cursor  # the last event handed out
        self._known = cursor  # the last event there is, as far as we heard
        self._queue: deque[Packet] = deque()
        self._size = 0

    @property
    def _tail(self) -> int:
        return self._queue[-1].seq if self._queue else self.cursor

    @property
    def waits(self) -> bool:
        """Whether there is something to send, here or in the database."""
        return bool(self._queue) or self.behind

    @property
    def behind(self) -> bool:
        """Whether the next event has to be read from the database."""
        return not self._queue and self._known > self.cursor

    def hear(self, seq: int) -> None:
        """Events up to `seq` are stored."""
        self._known = max(self._known, seq)

    def offer(self, packet: Packet) -> None:
        """A pushed packet: kept if it is the next and there is room, else only heard of."""
        self.hear(packet.seq)
        if packet.seq0 == self._tail + 1 and self._size + len(packet.text) <= MOST_TEXT:
            self._put(packet)

    def refill(self, packets: Iterable[Packet]) -> None:
        """Packets read from the database, which follow the cursor."""
        for packet in packets:
            if packet.seq0 == self._tail + 1:
                self._put(packet)
        self.hear(self._tail)

    def _put(self, packet: Packet) -> None:
        self._queue.append(packet)
        self._size += len(packet.text)

    def take(self) -> str | None:
        """The next message: as many packets as may stand in one; None if nothing waits."""
        texts: list[str] = []
        size = 0
        while self._queue and not (
            texts and (self._queue[0].opens or size + len(self._queue[0].text) > LARGEST_MESSAGE)
        ):
            packet = self._queue.popleft()
            texts.append(packet.text)
            size += len(packet.text)
            self.cursor = packet.seq
        self._size -= size
        return merge(texts) if texts else None

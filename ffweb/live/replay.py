"""Stored blocks of raw lines: what a socket that was away reads, so that the web needs no run folder."""

from __future__ import annotations

from ffweb.live.wire import Packet, packets
from ffweb.metrics.models import Block
from trainer.events import Event, parse_lines, whole_lines

KEEP = 10_000  # events a run keeps; a page that missed more fetches its series anew
PRUNE_EVERY = 500
PAGE = 1000  # events read at a time


class TooOld(LookupError):
    """The events after this cursor are not all stored any more."""


def keep(run_id: str, seq0: int, n: int, body: bytes) -> None:
    """Store a batch of lines; now and then forget those beyond the newest KEEP events."""
    Block.objects.create(run_id=run_id, seq0=seq0, n=n, body=body)
    last = seq0 + n - 1
    if seq0 == 1 or last // PRUNE_EVERY > (seq0 - 1) // PRUNE_EVERY:
        oldest = _block_of(run_id, last - KEEP + 1)
        if oldest is not None:
            Block.objects.filter(run_id=run_id, seq0__lt=oldest).delete()


def _block_of(run_id: str, seq: int) -> int | None:
    """seq0 of the block that holds event `seq`."""
    blocks = Block.objects.filter(run_id=run_id, seq0__lte=seq).order_by("-seq0")
    return blocks.values_list("seq0", flat=True).first()


def after(run_id: str, seq: int) -> list[Packet]:
    """Messages for about PAGE of the events that follow `seq`. Raises TooOld if event `seq` + 1 is not stored."""
    first = _block_of(run_id, seq + 1)
    if first is None:
        raise TooOld(seq)
    lines: list[bytes] = []
    blocks = Block.objects.filter(run_id=run_id, seq0__gte=first).order_by("seq0").values_list("seq0", "n", "body")
    for seq0, n, body in blocks.iterator(chunk_size=50):
        skip = max(0, seq + 1 - seq0)
        if skip < n:
            lines += whole_lines(bytes(body))[0][skip:]
        if len(lines) >= PAGE:
            break
    if not lines:
        raise TooOld(seq)
    return packets(b"".join(line + b"\n" for line in lines))


def last_event(run_id: str) -> Event | None:
    """The newest stored event of a run."""
    body = Block.objects.filter(run_id=run_id).order_by("-seq0").values_list("body", flat=True).first()
    return parse_lines(whole_lines(bytes(body))[0][-1:])[0] if body else None

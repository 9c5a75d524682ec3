"""What a socket has still to send: in order, each once, bounded."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ffweb.live import feed as feed_module
from ffweb.live import wire
from ffweb.live.feed import Feed
from ffweb.live.wire import Packet, packets


def metric(seq: int, **values: float | None) -> dict[str, object]:
    event = {
        "seq": seq,
        "kind": "metrics",
        "step": seq * 10,
        "epoch": 0.5,
        "images": 64,
        "flops": 1.0,
        "train_seconds": 2.0,
    }
    return {**event, "values": values}


def lines(*events: dict[str, object]) -> bytes:
    return b"".join(orjson.dumps(event) + b"\n" for event in events)


def packet(seq0: int, n: int = 1) -> Packet:
    (found,) = packets(lines(*(metric(seq, loss=float(seq)) for seq in range(seq0, seq0 + n))))
    return found


def seqs(text: str | None) -> list[int]:
    return [] if text is None else orjson.loads(text)["metrics"]["seq"]


def test_metrics_become_columns_and_what_was_not_reported_is_null() -> None:
    other = {"seq": 3, "kind": "log", "t": 1.0, "level": "info", "text": "hi"}
    nan = metric(4, loss=None) | {"nonfinite": {"loss": "-inf"}}
    (found,) = packets(lines(metric(1, loss=0.5), metric(2, loss=0.4, acc=0.9), other, nan))
    message = orjson.loads(found.text)
    assert message["events"] == [other]
    assert message["seq"] == 4
    assert message["metrics"]["seq"] == [1, 2, 4]
    assert message["metrics"]["step"] == [10, 20, 40]
    assert message["metrics"]["values"]["loss"] == [0.5, 0.4, "-inf"]
    assert message["metrics"]["values"]["acc"] == [None, 0.9, None]
    assert message["metrics"]["values"]["axis/time"] == [2.0, 2.0, 2.0]


def test_a_share_sees_no_console_no_checkpoint_no_machine() -> None:
    start = {"seq": 1, "kind": "start", "metrics": {}, "environment": {"host": "secret"}}
    events = [
        start,
        {"seq": 2, "kind": "log", "text": "secret"},
        metric(3, loss=1.0),
        {"seq": 4, "kind": "checkpoint", "step": 1},
    ]
    (found,) = packets(lines(*events, {"seq": 5, "kind": "result", "checkpoint": {"file": "secret"}}))
    shown = found.for_share()
    assert "secret" in found.text
    assert "secret" not in shown.text
    assert [event["seq"] for event in orjson.loads(shown.text)["events"]] == [1, 5]
    assert (shown.seq0, shown.seq, orjson.loads(shown.text)["seq"]) == (1, 5, 5)
    assert packet(1).for_share() is not None
    assert packet(1).share is None


def test_a_start_always_opens_a_message() -> None:
    start = {"seq": 3, "kind": "start", "resumed_from": 1}
    found = packets(lines(metric(1, a=1.0), metric(2, a=1.0), start, metric(4, a=1.0)))
    assert [(p.seq0, p.seq, p.opens) for p in found] == [(1, 2, False), (3, 4, True)]
    feed = Feed(0)
    for one in found:
        feed.offer(one)
    assert seqs(feed.take()) == [1, 2]
    assert seqs(feed.take()) == [4]


def test_what_follows_is_merged_what_is_missing_is_asked_for() -> None:
    feed = Feed(4)
    feed.offer(packet(3, 2))  # old
    assert not feed.waits
    feed.offer(packet(5, 2))
    feed.offer(packet(7))
    feed.offer(packet(9))  # 8 got lost
    assert seqs(feed.take()) == [5, 6, 7]
    assert feed.behind
    feed.refill([packet(8, 2)])
    assert seqs(feed.take()) == [8, 9]
    assert not feed.waits


def test_a_slow_reader_costs_bounded_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed_module, "MOST_TEXT", 2000)
    feed = Feed(0)
    for seq in range(1, 100):
        feed.offer(packet(seq))
    assert sum(len(p.text) for p in feed._queue) <= 2000
    first = seqs(feed.take())
    assert first == list(range(1, len(first) + 1))
    assert feed.behind


@given(
    st.lists(
        st.tuples(st.integers(1, 4), st.sampled_from(["pushed", "lost", "twice"]), st.booleans()),
        min_size=1,
        max_size=30,
    )
)
def test_however_pushes_get_lost_or_come_twice_each_event_is_sent_once(batches: list[tuple[int, str, bool]]) -> None:
    feed, sent, stored = Feed(0), [], 0

    def send() -> None:
        while feed.waits:
            if feed.behind:
                feed.refill([packet(feed.cursor + 1, stored - feed.cursor)])
            sent.extend(seqs(feed.take()))

    for n, fate, now in batches:
        batch = packet(stored + 1, n)
        stored += n
        for _ in range({"pushed": 1, "lost": 0, "twice": 2}[fate]):
            feed.offer(batch)
        if now:
            send()
    feed.hear(stored)
    send()
    assert sent == list(range(1, stored + 1))


def test_merged_messages_say_what_the_single_ones_said() -> None:
    events = [metric(1, a=1.0), metric(2, b=2.0), {"seq": 3, "kind": "progress", "done": 0.5}, metric(4, a=3.0)]
    single = [packets(lines(event))[0].text for event in events]
    assert orjson.loads(wire.merge(single)) == orjson.loads(packets(lines(*events))[0].text)

"""The sockets against a real follower and database, over the in-memory layer."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from live_events import Trainer
from live_reader import events_of, off_loop, reading

from ffweb.live import consumers as consumers_module
from ffweb.live import glance, push, replay, stream
from ffweb.live.follow import Follower
from ffweb.people.models import User, hash_secret, new_secret
from ffweb.runs import status
from ffweb.runs.models import Run, Share

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("courier")]


@pytest.fixture
def follower(run: Run, folder: Path) -> Follower:
    return Follower(run.pk, folder)


async def test_hello_then_every_event_once_from_the_start(
    run: Run, alice: User, folder: Path, follower: Follower
) -> None:
    trainer = Trainer(folder).train(3)
    await off_loop(follower.poll)
    async with reading(f"/ws/runs/{run.pk}", alice) as page:
        hello = await page.message()
        assert (hello["type"], hello["run"]["id"], hello["seq"]) == ("hello", run.pk, 4)
        messages = await page.until(4)
        trainer.train(4).write("log", level="info", text="hello")
        await off_loop(follower.poll)
        messages += await page.until(9)
    assert events_of(messages) == list(range(1, 10))
    last = [m for m in messages if m["type"] == "events"][-1]
    assert last["metrics"]["step"] == [4, 5, 6, 7]
    assert last["metrics"]["values"]["test/accuracy"] == [None, 0.8, None, None]
    assert [e["kind"] for e in last["events"]] == ["log"]


async def test_the_cursor_says_where_to_go_on(run: Run, alice: User, folder: Path, follower: Follower) -> None:
    Trainer(folder).train(9)
    await off_loop(follower.poll)
    async with reading(f"/ws/runs/{run.pk}?after=7", alice) as page:
        assert events_of(await page.until(10)) == [8, 9, 10]
        assert await page.silent()


async def test_fast_batches_are_joined_into_few_messages(
    run: Run, alice: User, folder: Path, follower: Follower
) -> None:
    trainer = Trainer(folder)
    await off_loop(follower.poll)
    async with reading(f"/ws/runs/{run.pk}?after=1", alice) as page:
        await page.message()
        began = asyncio.get_running_loop().time()
        for _ in range(40):
            trainer.train(1)
            await off_loop(follower.poll)
        messages = await page.until(41)
        took = asyncio.get_running_loop().time() - began
    assert events_of(messages) == list(range(2, 42))
    assert len(messages) <= took / stream.PACE_SECONDS + 2


async def test_lost_pushes_are_read_from_the_database(
    run: Run, alice: User, folder: Path, follower: Follower, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer = Trainer(folder)
    await off_loop(follower.poll)
    async with reading(f"/ws/runs/{run.pk}?after=1", alice) as page:
        await page.message()
        with monkeypatch.context() as patch:
            patch.setattr("ffweb.live.follow.push_events", lambda *_: None)
            trainer.train(5)
            await off_loop(follower.poll)
        trainer.train(1)
        await off_loop(follower.poll)
        assert events_of(await page.until(7)) == [2, 3, 4, 5, 6, 7]


async def test_without_any_push_the_page_still_catches_up(
    run: Run, alice: User, folder: Path, follower: Follower, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "CHECK_SECONDS", 0.1)
    monkeypatch.setattr(push, "_courier", Nowhere())
    async with reading(f"/ws/runs/{run.pk}", alice) as page:
        await page.message()
        Trainer(folder).train(3)
        await off_loop(follower.poll)
        assert events_of(await page.until(4)) == [1, 2, 3, 4]


class Nowhere(push.Courier):
    """Redis is away."""

    def send(self, group: str, message: Any) -> None: ...


async def test_pages_that_come_and_go_while_it_trains_miss_and_double_nothing(
    run: Run, alice: User, folder: Path, follower: Follower
) -> None:
    trainer = Trainer(folder)
    over = asyncio.Event()

    async def train() -> None:
        for _ in range(30):
            trainer.train(3)
            await off_loop(follower.poll)
            await asyncio.sleep(0.01)
        over.set()

    async def look() -> list[int]:
        seen: list[int] = []
        while not (over.is_set() and seen and seen[-1] == 91):
            async with reading(f"/ws/runs/{run.pk}?after={seen[-1] if seen else 0}", alice) as page:
                for _ in range(4):
                    if seen and seen[-1] == 91:
                        break
                    seen += events_of([await page.message()])
        return seen

    _, *pages = await asyncio.wait_for(asyncio.gather(train(), look(), look(), look()), 100)
    assert pages == [list(range(1, 92))] * 3


async def test_a_cursor_that_is_too_old_is_told_to_reload_and_goes_on(
    run: Run, alice: User, folder: Path, follower: Follower, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replay, "KEEP", 50)
    monkeypatch.setattr(replay, "PRUNE_EVERY", 10)
    trainer = Trainer(folder)
    for _ in range(30):
        trainer.train(10)
        await off_loop(follower.poll)
    for after in ("0", "123", "99999"):
        async with reading(f"/ws/runs/{run.pk}?after={after}", alice) as page:
            assert (await page.message())["type"] == "hello"
            assert await page.message() == {"type": "reload", "seq": trainer.events.seq}
            trainer.train(1)
            await off_loop(follower.poll)
            assert events_of(await page.until(trainer.events.seq)) == [trainer.events.seq]


async def test_a_resume_comes_before_the_points_that_follow_it(
    run: Run, alice: User, folder: Path, follower: Follower
) -> None:
    Trainer(folder).train(4)
    Trainer(folder, resumed_from=2).train(2)
    await off_loop(follower.poll)
    async with reading(f"/ws/runs/{run.pk}", alice) as page:
        messages = [m for m in await page.until(8) if m["type"] == "events"]
    assert [m["events"][0]["kind"] for m in messages] == ["start", "start"]
    assert [m["metrics"]["step"] for m in messages] == [[1, 2, 3, 4], [3, 4]]


async def test_status_and_name_come_whole_progress_alone(
    run: Run, alice: User, folder: Path, follower: Follower
) -> None:
    def change(**fields: Any) -> None:
        Run.objects.filter(pk=run.pk).update(**fields)
        push.push_run(run.pk)

    async with reading(f"/ws/runs/{run.pk}", alice) as page:
        await page.message()
        await off_loop(lambda: change(status=status.RUNNING))
        whole = await page.run_until("status", status.RUNNING)
        assert whole["config"] == run.config
        await off_loop(lambda: change(progress={"done": 0.5, "eta_s": 2.0, "phase": "train"}))
        moved = await page.run_until("status", status.RUNNING)
        assert set(moved) == {"id", "status", "progress", "queue_position"}
        assert moved["progress"]["done"] == 0.5
        await off_loop(lambda: change(latest={"train/loss": 1.0}))
        assert await page.silent()


# ── shares ────────────────────────────────────────────────────────────────────────────────────────────────────────


async def share_of(run: Run, owner: User, **fields: Any) -> tuple[Share, str]:
    token = new_secret()
    return await Share.objects.acreate(run=run, token_hash=hash_secret(token), created_by=owner, **fields), token


async def test_a_share_shows_the_run_and_nothing_behind_it(
    run: Run, alice: User, folder: Path, follower: Follower
) -> None:
    await Run.objects.filter(pk=run.pk).aupdate(visibility="private", notes="secret-note", worker="secret-worker")
    _, token = await share_of(run, alice)
    trainer = Trainer(folder).write("log", level="info", text="secret-log").train(2)
    await off_loop(follower.poll)
    async with reading(f"/ws/s/{token}") as page:
        hello = await page.message()
        messages = await page.until(4)
        trainer.write("log", level="info", text="secret-log").write("checkpoint", step=2, bytes=7).train(1)
        await off_loop(follower.poll)
        messages += await page.until(7)
        await Run.objects.filter(pk=run.pk).aupdate(status=status.RUNNING)
        await off_loop(push.push_run, run.pk)
        messages.append(await page.message())
    assert "secret" not in str([hello, messages])
    assert hello["run"]["name"] == "one"
    assert events_of(messages) == [1, 3, 4, 7]


async def test_a_revoked_share_closes_at_once_and_does_not_open_again(run: Run, alice: User) -> None:
    share, token = await share_of(run, alice)
    async with reading(f"/ws/s/{token}") as page:
        await page.message()
        await Share.objects.filter(pk=share.pk).aupdate(revoked_at=timezone.now())
        await off_loop(push.close_share, share.pk)
        assert await page.close_code() == 4410
    async with reading(f"/ws/s/{token}") as page:
        assert await page.close_code() == 4410


async def test_a_share_closes_when_it_expires(run: Run, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "CHECK_SECONDS", 3600)  # so that it is not by the next look
    _, token = await share_of(run, alice, expires_at=timezone.now() + timedelta(seconds=1))
    async with reading(f"/ws/s/{token}") as page:
        assert await page.close_code() == 4410


async def test_a_share_closes_with_its_maker_and_with_its_run(run: Run, alice: User) -> None:
    _, token = await share_of(run, alice)
    async with reading(f"/ws/s/{token}") as page:
        await page.message()
        await off_loop(push.close_user, alice.pk)
        assert await page.close_code() == 4410
    async with reading(f"/ws/s/{token}") as page:
        await page.message()
        await Run.objects.filter(pk=run.pk).aupdate(deleted_at=timezone.now())
        await off_loop(push.push_run, run.pk)
        assert await page.close_code() == 4410


# ── the table ─────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_the_table_hears_of_the_runs_one_may_see(run: Run, alice: User, bob: User) -> None:
    secret = await Run.objects.acreate(
        name="mine", owner=alice, config={}, visibility="private", status=status.FINISHED
    )
    async with reading("/ws/runs", bob) as table:
        first = await table.message()
        assert [item["id"] for item in first["items"]] == [run.pk]  # what is active as one comes
        await Run.objects.filter(pk=run.pk).aupdate(status=status.RUNNING)
        for run_id in (secret.pk, run.pk, run.pk):
            await off_loop(push.push_run, run_id)
        changed = await table.message()
        assert [(item["id"], item["status"]) for item in changed["items"]] == [(run.pk, "running")]
        await off_loop(push.push_run, run.pk)
        assert await table.silent(0.8)


async def test_equal_reads_are_joined_and_never_stale(monkeypatch: pytest.MonkeyPatch) -> None:
    together, reads, value = glance.Together(), [], 0

    async def slow(_: Any, run_id: str) -> int:
        reads.append(run_id)
        await asyncio.sleep(0.02)
        return value

    monkeypatch.setattr(glance, "in_database", slow)
    first = [asyncio.create_task(together.get("a")) for _ in range(5)]
    await asyncio.sleep(0.01)
    value = 1
    later = [asyncio.create_task(together.get("a")) for _ in range(5)]
    await asyncio.gather(*first)
    assert await asyncio.gather(*later) == [1] * 5
    assert len(reads) == 2
    assert together._locks == together._waiting == {}


@pytest.mark.parametrize("path", ["/ws/runs/{run}", "/ws/runs"])
async def test_a_quiet_socket_beats_and_a_busy_one_need_not(
    run: Run, alice: User, follower: Follower, folder: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    for module in (stream, consumers_module):
        monkeypatch.setattr(module, "CHECK_SECONDS", 0.2)
    monkeypatch.setattr(stream, "BEAT_SECONDS", 0.1)
    async with reading(path.format(run=run.pk), alice) as page:
        kinds = [(await page.any_message())["type"] for _ in range(4)]
        assert kinds[-2:] == ["beat", "beat"]
        assert set(kinds) <= {"hello", "runs", "beat"}


async def test_a_run_that_falls_silent_is_told_though_nothing_is_pushed(
    run: Run, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (stream, consumers_module):
        monkeypatch.setattr(module, "CHECK_SECONDS", 0.2)
    now = timezone.now()
    active = Run.objects.filter(pk=run.pk)
    await off_loop(lambda: active.update(status=status.RUNNING, lease_until=now + timedelta(seconds=9), heard=now))
    async with reading(f"/ws/runs/{run.pk}", alice) as page, reading("/ws/runs", alice) as table:
        assert (await page.message())["run"]["silent_since"] is None
        assert (await table.message())["items"][0]["silent_since"] is None
        await off_loop(
            lambda: active.update(lease_until=now - timedelta(seconds=60), heard=now - timedelta(seconds=70))
        )
        assert (await page.message())["run"]["silent_since"] is not None
        assert (await table.message())["items"][0]["silent_since"] is not None

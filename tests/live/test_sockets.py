"""The sockets against a real follower and database, over the in-memory layer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.conf import LazySettings
from django.utils import timezone
from live_events import Trainer
from live_reader import Reader, events_of, reading

from ffweb.live import consumers as consumers_module
from ffweb.live import glance, push, replay, stream
from ffweb.live.follow import Follower
from ffweb.live.routing import websocket
from ffweb.people.models import ApiToken, User, hash_secret, new_secret
from ffweb.runs import status
from ffweb.runs.models import Run, Share

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("courier")]


def off_loop(function: Callable[..., Any], *args: Any) -> Any:
    """Run database work in a thread, as workers and views do."""
    return sync_to_async(function, thread_sensitive=False)(*args)


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


# ── who may look ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/ws/runs/{run}", 4401),
        ("/ws/runs", 4401),
        ("/ws/s/nonsense", 4410),
        ("/ws/else", 4404),
        ("/", 4404),
    ],
)
async def test_a_stranger_is_told_why(run: Run, path: str, code: int) -> None:
    async with reading(path.format(run=run.pk)) as page:
        assert await page.close_code() == code


@pytest.mark.parametrize("cursor", ["-1", "x", "1.5", "9" * 20, ""])
async def test_a_malformed_cursor_is_told(run: Run, alice: User, cursor: str) -> None:
    async with reading(f"/ws/runs/{run.pk}?after={cursor}", alice) as page:
        assert await page.close_code() == 4400


async def test_a_socket_that_is_spoken_to_closes(run: Run, alice: User) -> None:
    for path in (f"/ws/runs/{run.pk}", "/ws/runs"):
        async with reading(path, alice) as page:
            await page.say("{]")
            assert await page.close_code() == 4400


@pytest.mark.parametrize("part", ["\0", "a\0b", "\ud7ff" * 9, "x" * 5000, "'\"--", "0" * 400, "-1"])
async def test_an_address_that_can_lead_nowhere_is_told(run: Run, alice: User, part: str) -> None:
    for path, code in ((f"/ws/runs/{part}", 4404), (f"/ws/s/{part}", 4410)):
        async with reading(path, alice) as page:
            assert await page.close_code() == code


async def test_what_one_may_not_see_is_not_there(run: Run, alice: User, bob: User) -> None:
    await Run.objects.filter(pk=run.pk).aupdate(visibility="private")
    for path in (f"/ws/runs/{run.pk}", "/ws/runs/zzzzzzzz"):
        async with reading(path, bob) as page:
            assert await page.close_code() == 4404
    async with reading(f"/ws/runs/{run.pk.upper()}", alice) as page:
        assert (await page.message())["type"] == "hello"


async def test_a_run_made_private_closes_for_others_at_once(run: Run, alice: User, bob: User) -> None:
    async with reading(f"/ws/runs/{run.pk}", bob) as page, reading(f"/ws/runs/{run.pk}", alice) as own:
        await page.message()
        await own.message()
        await Run.objects.filter(pk=run.pk).aupdate(visibility="private")
        await off_loop(push.push_run, run.pk)
        assert await page.close_code() == 4404
        assert (await own.run_until("visibility", "private"))["id"] == run.pk


async def test_a_deleted_run_closes(run: Run, alice: User) -> None:
    async with reading(f"/ws/runs/{run.pk}", alice) as page:
        await page.message()
        await Run.objects.filter(pk=run.pk).aupdate(deleted_at=timezone.now())
        await off_loop(push.push_run, run.pk)
        assert await page.close_code() == 4404


async def test_a_deactivated_member_is_shown_out(run: Run, bob: User) -> None:
    async with reading(f"/ws/runs/{run.pk}", bob) as page, reading("/ws/runs", bob) as table:
        await page.message()
        await table.message()
        await off_loop(push.close_user, bob.pk)
        assert await page.close_code() == 4401
        assert await table.close_code() == 4401


async def test_a_missed_deactivation_is_noticed_all_the_same(
    run: Run, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "CHECK_SECONDS", 0.1)
    monkeypatch.setattr(consumers_module, "CHECK_SECONDS", 0.1)
    async with reading(f"/ws/runs/{run.pk}", bob) as page, reading("/ws/runs", bob) as table:
        await page.message()
        await User.objects.filter(pk=bob.pk).aupdate(is_active=False)
        assert await page.close_code() == 4401
        assert await table.close_code() == 4401


async def test_a_token_opens_a_socket_as_it_opens_the_api(run: Run, alice: User) -> None:
    token = new_secret()
    await ApiToken.objects.acreate(user=alice, token_hash=hash_secret(token))
    bearer = [(b"authorization", b"Bearer " + token.encode())]
    async with reading(f"/ws/runs/{run.pk}", headers=bearer) as page:
        assert (await page.message())["type"] == "hello"
    async with reading(f"/ws/runs/{run.pk}", headers=[(b"authorization", b"Bearer no")]) as page:
        assert await page.close_code() == 4401


async def let_in(host: str, *headers: tuple[bytes, bytes]) -> bool:
    return await Reader("/ws/runs", headers=[(b"host", host.encode()), *headers], app=websocket).open()


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("127.0.0.1:8000", None),
        ("127.0.0.1:8000", "https://evil.example"),
        ("127.0.0.1:8000", "http://127.0.0.1:8001"),  # another program on this machine
        ("127.0.0.1:8000", "http://127.0.0.1"),
        ("127.0.0.1:8000", "https://127.0.0.1:8000"),
        ("127.0.0.1:8000", "http://localhost:8000"),
        ("127.0.0.1:8000", "http://127.0.0.1:port"),
        ("127.0.0.1:8000", "null"),
        ("evil.example", "http://evil.example"),  # a name that leads to us is none of ours
        ("ff.example.org", "https://ff.example.org:8443"),
    ],
)
async def test_other_sites_and_other_ports_are_refused(
    settings: LazySettings, alice: User, host: str, origin: str | None
) -> None:
    settings.ALLOWED_HOSTS = ["127.0.0.1", "localhost", "ff.example.org"]
    settings.CSRF_TRUSTED_ORIGINS = ["https://ff.example.org"]
    assert not await let_in(host, *([(b"origin", origin.encode())] if origin else []))


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("[::1]:8000", "http://[::1]:8000"),
        ("localhost", "http://localhost"),
        ("ff.example.org", "https://ff.example.org"),  # behind a proxy that ends TLS
    ],
)
async def test_our_own_origin_is_let_in(settings: LazySettings, alice: User, host: str, origin: str) -> None:
    settings.ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]", "ff.example.org"]
    settings.CSRF_TRUSTED_ORIGINS = ["https://ff.example.org"]
    assert await let_in(host, (b"origin", origin.encode()))


async def test_a_client_with_a_token_is_no_page_and_names_no_origin(alice: User) -> None:
    token = (b"authorization", b"Bearer anything")
    assert await let_in("127.0.0.1:8000", token)
    assert not await let_in("127.0.0.1:8000", token, (b"origin", b"https://evil.example"))


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

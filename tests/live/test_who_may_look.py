"""Who may look: strangers, members, tokens, other sites, and addresses that lead nowhere."""

from __future__ import annotations

import pytest
from django.conf import LazySettings
from django.utils import timezone
from live_reader import Reader, off_loop, reading

from ffweb.live import consumers as consumers_module
from ffweb.live import push, stream
from ffweb.live.routing import websocket
from ffweb.people.models import ApiToken, User, hash_secret, new_secret
from ffweb.runs.models import Run

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("courier")]


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

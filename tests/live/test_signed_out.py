"""What is signed out is out: sockets close at once, whatever is pushed to them, and do not open again."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.db import OperationalError
from django.test import Client
from django.utils import timezone
from live_events import Trainer
from live_reader import Headers, Reader, off_loop

from ffweb.live import consumers, stream
from ffweb.live.follow import Follower
from ffweb.live.routing import websocket
from ffweb.people import services
from ffweb.people.models import ApiToken, User
from ffweb.runs.models import Run, Share
from ffweb.runs.services import make_share

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("courier")]
HOST: Headers = [(b"host", b"127.0.0.1:8000")]
ORIGIN: Headers = [*HOST, (b"origin", b"http://127.0.0.1:8000")]
NEVER = 600.0


@pytest.fixture(autouse=True)
def only_pushes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The look every few seconds would close them too, later."""
    monkeypatch.setattr(stream, "CHECK_SECONDS", NEVER)
    monkeypatch.setattr(consumers, "CHECK_SECONDS", NEVER)


@pytest.fixture
def follower(run: Run, folder: Path) -> Follower:
    return Follower(run.pk, folder)


def browser_of(user: User) -> Client:
    browser = Client()
    browser.force_login(user)
    return browser


def cookie(browser: Client) -> Headers:
    return [*ORIGIN, (b"cookie", f"sessionid={browser.cookies['sessionid'].value}".encode())]


async def open_socket(path: str, headers: Headers) -> Reader:
    reader = Reader(path, headers=headers, app=websocket)
    assert await reader.open()
    return reader


async def opened(run: Run, headers: Headers) -> list[Reader]:
    """The page of a run and the table, each as far as its first message."""
    readers = [await open_socket(path, headers) for path in (f"/ws/runs/{run.pk}", "/ws/runs")]
    for reader in readers:
        await reader.message()
    return readers


async def codes(readers: list[Reader]) -> list[int]:
    return [await reader.close_code() for reader in readers]


async def test_signing_out_closes_the_sockets_of_that_browser_alone(run: Run, alice: User, bob: User) -> None:
    here, there, other = await off_loop(lambda: (browser_of(alice), browser_of(alice), browser_of(bob)))
    mine, elsewhere, bobs = [await opened(run, cookie(browser)) for browser in (here, there, other)]
    old = cookie(here)
    await off_loop(here.post, "/sign-out")
    assert await codes(mine) == [4401, 4401]
    for reader in (*elsewhere, *bobs):
        assert await reader.silent()
    again = await open_socket(f"/ws/runs/{run.pk}", old)
    assert await again.close_code() == 4401


async def test_no_event_comes_after_the_sign_out(run: Run, alice: User, folder: Path, follower: Follower) -> None:
    browser = await off_loop(browser_of, alice)
    page, _ = await opened(run, cookie(browser))
    trainer = Trainer(folder)
    await off_loop(browser.post, "/sign-out")
    trainer.train(3)
    await off_loop(follower.poll)
    assert (await page.wire.receive_output(60))["type"] == "websocket.close"


async def test_a_new_password_closes_other_browsers_and_lets_this_one_come_again(run: Run, alice: User) -> None:
    here, there = await off_loop(lambda: (browser_of(alice), browser_of(alice)))
    mine, elsewhere = await opened(run, cookie(here)), await opened(run, cookie(there))
    new = {"old": "secret", "new": "another long secret"}
    assert (await off_loop(here.post, "/settings/password", new)).status_code == 302
    assert await codes(mine) == [1012, 1012]
    assert await codes(elsewhere) == [4401, 4401]
    await opened(run, cookie(here))
    assert await (await open_socket("/ws/runs", cookie(there))).close_code() == 4401


async def test_a_revoked_token_closes_what_it_opened(run: Run, alice: User) -> None:
    (token, secret), (_, other) = await off_loop(lambda: [services.make_token(alice) for _ in range(2)])
    ended = await opened(run, [*HOST, (b"authorization", f"Bearer {secret}".encode())])
    kept = await opened(run, [*HOST, (b"authorization", f"Bearer {other}".encode())])
    browser = await off_loop(browser_of, alice)
    await off_loop(browser.post, f"/settings/tokens/{token.pk}/revoke")
    assert await codes(ended) == [4401, 4401]
    for reader in kept:
        assert await reader.silent()


async def test_a_wrong_token_is_refused_whatever_the_cookie_says(run: Run, alice: User) -> None:
    headers = [*cookie(await off_loop(browser_of, alice)), (b"authorization", b"Bearer no")]
    assert await (await open_socket(f"/ws/runs/{run.pk}", headers)).close_code() == 4401


@pytest.mark.parametrize("ended", ["session", "password", "token", "membership", "expiry"])
async def test_an_end_that_no_push_told_is_noticed_though_events_keep_coming(
    run: Run, alice: User, folder: Path, follower: Follower, monkeypatch: pytest.MonkeyPatch, ended: str
) -> None:
    monkeypatch.setattr(stream, "CHECK_SECONDS", 0.3)
    browser = await off_loop(browser_of, alice)
    _, secret = await off_loop(services.make_token, alice)
    bearer = [*HOST, (b"authorization", f"Bearer {secret}".encode())]
    page = await open_socket(f"/ws/runs/{run.pk}", bearer if ended == "token" else cookie(browser))
    await page.message()

    def end() -> None:
        if ended == "session":
            Session.objects.all().delete()
        elif ended == "password":
            alice.set_password("unheard of")
            alice.save()
        elif ended == "token":
            ApiToken.objects.all().delete()
        elif ended == "expiry":
            Session.objects.update(expire_date=timezone.now())
        else:
            User.objects.filter(pk=alice.pk).update(is_active=False)

    await off_loop(end)
    trainer = Trainer(folder)
    output: dict[str, Any] = {}
    for _ in range(600):
        trainer.train(1)
        await off_loop(follower.poll)
        output = await page.wire.receive_output(60)
        if output["type"] == "websocket.close":
            break
    assert output["code"] == 4401


async def test_a_session_that_runs_out_closes_at_that_moment(run: Run, alice: User) -> None:
    browser = await off_loop(browser_of, alice)
    await Session.objects.aupdate(expire_date=timezone.now() + timedelta(seconds=1))
    assert await codes(await opened(run, cookie(browser))) == [4401, 4401]


async def test_what_ended_with_a_membership_stays_ended_when_it_is_renewed(run: Run, alice: User, bob: User) -> None:
    def leave_and_come_back() -> tuple[Client, str, str]:
        User.objects.filter(pk=bob.pk).update(is_staff=True)
        admin = User.objects.create(username="root", is_staff=True)
        browser = browser_of(bob)
        link = make_share(User.objects.get(pk=bob.pk), run)[1]
        invite = services.make_invite(User.objects.get(pk=bob.pk)).removeprefix("/sign-in/")
        services.deactivate(admin, bob)
        services.reactivate(admin, bob)
        return browser, link, invite

    browser, link, invite = await off_loop(leave_and_come_back)
    assert (await off_loop(browser.get, "/team")).status_code == 302
    assert (await off_loop(Client().get, f"/s/{link}")).status_code == 404
    assert (await off_loop(Client().get, f"/sign-in/{invite}")).status_code == 410
    assert await (await open_socket(f"/ws/s/{link}", ORIGIN)).close_code() == 4410
    assert await Share.objects.filter(revoked_at=None).acount() == 0


async def test_a_run_made_private_closes_its_links_and_says_so(run: Run, alice: User) -> None:
    browser = await off_loop(browser_of, alice)
    _, token = await off_loop(make_share, alice, run)
    page = await open_socket(f"/ws/s/{token}", ORIGIN)
    await page.message()
    answer = await off_loop(browser.post, f"/runs/{run.pk}/act/visibility", {"visibility": "private"}, follow=True)
    assert "Only you see this run now. 1 share link was withdrawn." in answer.content.decode()
    assert await page.close_code() == 4410


@pytest.mark.parametrize("where", ["django.contrib.auth.backends.ModelBackend.get_user", "ffweb.live.glance.read"])
async def test_a_database_that_is_away_says_come_again(
    run: Run, alice: User, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    headers = cookie(await off_loop(browser_of, alice))

    def away(*args: Any) -> Any:
        raise OperationalError("the database system is shutting down")

    monkeypatch.setattr(where, away)
    assert await (await open_socket(f"/ws/runs/{run.pk}", headers)).close_code() == 1013

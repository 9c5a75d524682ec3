"""Sign-in, links that work once, team and settings, at their doors and without scripts."""

from __future__ import annotations

import html
import re
from collections.abc import Callable

import pytest
from django.test import Client
from persons import make_run

from ffweb.people import services
from ffweb.people.models import ApiToken, User
from ffweb.work import presence
from ffweb.work.models import Worker
from ffweb.work.presence import seconds_from_now

Browser = Callable[..., Client]
PASSWORD = "a long enough one"


@pytest.fixture
def eve(db: None) -> User:
    return User.objects.create_user("eve", password=PASSWORD, theme="dark")


def signed_in(client: Client) -> bool:
    return client.get("/settings").status_code == 200


def link_on(page: str) -> str:
    found = re.search(r'value="http://testserver(/sign-in/[^"]+)"', page)
    assert found
    return html.unescape(found[1])


# ── sign in ───────────────────────────────────────────────────────────────────────────────────────────────────────
def test_sign_in_goes_where_one_wanted_in_ones_theme(browser: Browser, eve: User) -> None:
    client = browser()
    assert 'name="next" value="/team"' in client.get("/sign-in?next=/team").content.decode()
    response = client.post("/sign-in", {"username": "eve", "password": PASSWORD, "next": "/team"})
    assert response.headers["Location"] == "/team"
    assert response.cookies["theme"].value == "dark"
    assert signed_in(client)
    assert client.get("/sign-in").headers["Location"] == "/"


def test_sign_in_leads_to_no_other_site(browser: Browser, eve: User) -> None:
    sent = {"username": "eve", "password": PASSWORD, "next": "//elsewhere.example"}
    assert browser().post("/sign-in", sent).headers["Location"] == "/"


@pytest.mark.parametrize("name", ["eve", "nobody", "charlie"])
def test_wrong_sign_in_says_the_same_for_all(browser: Browser, eve: User, charlie: User, name: str) -> None:
    charlie.set_password("right for charlie")
    charlie.save()
    client = browser()
    response = client.post("/sign-in", {"username": name, "password": "right for charlie"})
    assert response.status_code == 422
    page = response.content.decode()
    assert "This name and password do not belong together." in page
    assert "right for charlie" not in page
    assert not signed_in(client)


def test_five_wrong_ones_lock(browser: Browser, eve: User) -> None:
    client = browser()
    for _ in range(5):
        client.post("/sign-in", {"username": "eve", "password": "wrong"})
    response = client.post("/sign-in", {"username": "eve", "password": PASSWORD})
    assert response.status_code == 429
    assert "Too many failed attempts" in response.content.decode()
    assert not signed_in(client)


def test_sign_out_by_post_only(browser: Browser, alice: User) -> None:
    client = browser(alice)
    assert client.get("/sign-out").status_code == 405
    assert client.post("/sign-out").headers["Location"] == "/sign-in"
    assert not signed_in(client)


# ── links that work once ──────────────────────────────────────────────────────────────────────────────────────────
def test_looking_at_a_link_burns_nothing_using_it_does(browser: Browser, db: None) -> None:
    address = services.first_sign_in_link()
    preview = browser()
    for _ in range(2):
        response = preview.get(address)
        assert response.status_code == 200
        assert "Sign in as admin" in response.content.decode()
        assert "no-store" in response.headers["Cache-Control"]
        assert response.headers["Referrer-Policy"] == "same-origin"
    assert not signed_in(preview)
    client = browser()
    response = client.post(address, follow=True)
    assert "Set a password in Settings" in response.content.decode()
    assert signed_in(client)
    for again in (browser().get(address), browser().post(address)):
        assert again.status_code == 410
        assert "no longer works" in again.content.decode()


def test_an_unknown_link_is_answered_as_a_used_one(browser: Browser, db: None) -> None:
    assert browser().get("/sign-in/never-made").status_code == 410


def test_invitation_asks_for_name_and_password(browser: Browser, dora: User, bob: User) -> None:
    address = link_on(browser(dora).post("/team/invite").content.decode())
    guest = browser()
    assert "dora invited you" in guest.get(address).content.decode()
    refused = guest.post(address, {"username": "BOB", "password": "12345678"})
    assert refused.status_code == 422
    page = refused.content.decode()
    assert "This name is taken." in page
    assert "too common" in page
    assert "12345678" not in page
    guest.post(address, {"username": "frank", "password": PASSWORD})
    assert signed_in(guest)
    assert User.objects.get(username="frank").is_staff is False
    assert browser().get(address).status_code == 410


# ── team ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_team_shows_members_and_workers_at_work(browser: Browser, alice: User, bob: User, charlie: User) -> None:
    run = make_run(alice, "<i>tilted</i>", status="running", worker="cpu@here")
    make_run(bob, "of bob alone", visibility="private", status="running", worker="gpu@there")
    for name, queue in (("cpu@here", "cpu"), ("gpu@there", "gpu")):
        Worker.objects.create(name=name, queue=queue, host="h", device=queue, seen=seconds_from_now(0))
    page = browser(alice).get("/team").content.decode()
    assert "Former member" in page
    assert f'href="/runs/{run.pk}">&lt;i&gt;tilted' in page
    assert "of bob alone" not in page
    assert "Invite by link" not in page


def test_team_says_that_no_worker_is_there(browser: Browser, alice: User) -> None:
    assert "No worker is connected" in browser(alice).get("/team").content.decode()


def test_a_worker_that_takes_no_runs_says_why_and_counts_for_nothing(browser: Browser, alice: User) -> None:
    why = "FFWEB_HOME=/bare is not the folder that this site keeps its runs in."
    Worker.objects.create(name="gpu0@far", queue="gpu", host="h", device="cuda", seen=seconds_from_now(0), trouble=why)
    page = browser(alice).get("/team").content.decode()
    assert "Takes no runs" in page
    assert why in page
    assert not presence.gpu_seen()
    assert presence.workers() == []


@pytest.mark.parametrize("action", ["deactivate", "reactivate", "promote", "demote", "link"])
def test_only_admins_change_the_team(browser: Browser, alice: User, bob: User, action: str) -> None:
    client = browser(alice)
    assert client.post(f"/team/{bob.pk}/{action}").status_code == 404
    assert client.post("/team/invite").status_code == 404
    bob.refresh_from_db()
    assert bob.is_active
    assert not bob.is_staff


def test_ending_a_membership_ends_the_session(browser: Browser, dora: User, bob: User) -> None:
    client = browser(bob)
    assert signed_in(client)
    admin = browser(dora)
    response = admin.post(f"/team/{bob.pk}/deactivate", follow=True)
    assert "bob is no longer a member" in response.content.decode()
    assert not signed_in(client)
    admin.post(f"/team/{bob.pk}/reactivate")
    bob.refresh_from_db()
    assert bob.is_active


def test_an_admin_cannot_leave_the_team_without_one(browser: Browser, dora: User) -> None:
    response = browser(dora).post(f"/team/{dora.pk}/deactivate", follow=True)
    assert "cannot end your own membership" in html.unescape(response.content.decode())
    dora.refresh_from_db()
    assert dora.is_active


def test_admin_makes_a_sign_in_link_for_who_forgot_the_password(browser: Browser, dora: User, bob: User) -> None:
    response = browser(dora).post(f"/team/{bob.pk}/link")
    assert "no-store" in response.headers["Cache-Control"]
    client = browser()
    client.post(link_on(response.content.decode()))
    assert client.get("/team").context["user"] == bob


def test_unknown_change_is_no_address(browser: Browser, dora: User, bob: User) -> None:
    assert browser(dora).post(f"/team/{bob.pk}/erase").status_code == 404
    assert browser(dora).get(f"/team/{bob.pk}/deactivate").status_code == 405


# ── settings ──────────────────────────────────────────────────────────────────────────────────────────────────────
def test_new_password_ends_other_sessions_and_keeps_this_one(browser: Browser, eve: User) -> None:
    here, elsewhere = browser(eve), browser(eve)
    refused = here.post("/settings/password", {"old": "wrong", "new": "another long one"})
    assert refused.status_code == 422
    assert "This is not your password." in refused.content.decode()
    response = here.post("/settings/password", {"old": PASSWORD, "new": "another long one"})
    assert response.status_code == 302
    assert signed_in(here)
    assert not signed_in(elsewhere)


def test_token_is_shown_once_works_and_can_be_revoked(browser: Browser, eve: User, bob: User) -> None:
    client = browser(eve)
    response = client.post("/settings/tokens", {"name": "<b>notebook</b>"})
    assert response.status_code == 201
    assert "no-store" in response.headers["Cache-Control"]
    page = response.content.decode()
    secret = re.search(r'id="secret" readonly value="([^"]+)"', page)
    assert secret
    assert "&lt;b&gt;notebook" in page
    assert secret[1] not in client.get("/settings").content.decode()
    headers = {"Authorization": f"Bearer {secret[1]}"}
    assert Client().get("/api/v1/me", headers=headers).status_code == 200
    token = ApiToken.objects.get()
    browser(bob).post(f"/settings/tokens/{token.pk}/revoke")
    assert ApiToken.objects.filter(pk=token.pk).exists()
    client.post(f"/settings/tokens/{token.pk}/revoke")
    assert Client().get("/api/v1/me", headers=headers).status_code == 401


def test_a_refused_token_name_says_why(browser: Browser, eve: User) -> None:
    response = browser(eve).post("/settings/tokens", {"name": "x" * 81})
    assert response.status_code == 422
    assert "80 characters" in response.content.decode()

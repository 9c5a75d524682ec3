"""Guessing: passwords are counted before they are tried, a few are hashed at once, tokens and links have a brake."""

from __future__ import annotations

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.db import connection
from django.test import Client
from django.utils import timezone

from ffweb.later import Busy, TryLater
from ffweb.people import attempts, guesses, hashing, services
from ffweb.people.models import Attempt, User, hash_secret
from ffweb.people.services import Invalid, SignInFailed, TooManyAttempts
from tests.waiting import PATIENCE

pytestmark = pytest.mark.django_db(transaction=True)
PASSWORD = "a long enough secret"


@pytest.fixture
def bob() -> User:
    return User.objects.create_user("bob", password=PASSWORD, first_name="Bob")


def tried(name: str, password: str, address: str, device: str = "") -> str:
    try:
        services.sign_in(name, password, address, device)
    except (SignInFailed, TryLater) as error:
        return type(error).__name__
    return "in"


# ── counted ───────────────────────────────────────────────────────────────────────────────────────────────────────
def test_of_many_tries_at_once_five_are_tried(bob: User, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    start = threading.Barrier(20)

    def authenticate(**named: str) -> None:
        asked.append(named["password"])
        time.sleep(0.2)

    monkeypatch.setattr(services, "authenticate", authenticate)

    def one(number: int) -> str:
        start.wait(PATIENCE)
        try:
            return tried("bob", f"wrong {number}", "1.2.3.4")
        finally:
            connection.close()

    with ThreadPoolExecutor(20) as pool:
        ends = Counter(pool.map(one, range(20)))
    assert len(asked) <= 5
    assert ends["SignInFailed"] == len(asked)
    assert ends["TooManyAttempts"] == 20 - len(asked)


def test_many_names_from_one_address_are_limited(bob: User) -> None:
    ends = Counter(tried(f"name{n}", "wrong", "1.2.3.4") for n in range(40))
    assert ends == {"SignInFailed": 30, "TooManyAttempts": 10}
    assert tried("bob", PASSWORD, "1.2.3.4") == "TooManyAttempts"
    assert tried("bob", PASSWORD, "5.6.7.8") == "in"


def test_a_network_of_addresses_is_one(bob: User) -> None:
    ends = Counter(tried("bob", "wrong", f"2001:db8::{n:x}") for n in range(10))
    assert ends == {"SignInFailed": 5, "TooManyAttempts": 5}


def test_a_name_that_many_addresses_try_is_limited_but_not_for_whom_it_belongs_to(bob: User) -> None:
    known = attempts.device_of(bob)
    ends = Counter(tried("bob", "wrong", f"10.0.0.{n}") for n in range(70))
    assert ends == {"SignInFailed": 60, "TooManyAttempts": 10}
    assert tried("bob", PASSWORD, "10.1.0.1") == "TooManyAttempts"
    assert tried("bob", PASSWORD, "10.1.0.1", known) == "in"


def test_a_browser_that_is_known_has_five_tries_of_its_own(bob: User) -> None:
    alice = User.objects.create_user("alice", password=PASSWORD)
    known = attempts.device_of(bob)
    assert Counter(tried("bob", "wrong", "1.2.3.4", known) for _ in range(7)) == {
        "SignInFailed": 5,
        "TooManyAttempts": 2,
    }
    assert tried("bob", PASSWORD, "1.2.3.4") == "in"
    for forged in ("", "x", known[:-1], attempts.device_of(alice)):
        assert attempts.keys("bob", "1.2.3.4", forged)[0].name.startswith("pair:")


def test_a_lock_that_is_tried_does_not_grow(bob: User) -> None:
    for _ in range(5):
        tried("bob", "wrong", "1.2.3.4")
    Attempt.objects.update(at=timezone.now() - timedelta(seconds=200))
    for _ in range(10):
        assert tried("bob", PASSWORD, "1.2.3.4") == "TooManyAttempts"
    Attempt.objects.update(at=timezone.now() - timedelta(seconds=301))
    assert tried("bob", PASSWORD, "1.2.3.4") == "in"
    assert not Attempt.objects.exists()


def test_the_page_says_when_and_remembers_the_browser(bob: User) -> None:
    browser = Client()
    answer = browser.post("/sign-in", {"username": "bob", "password": PASSWORD})
    cookie = answer.cookies["device"]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")
    stranger = Client()
    for _ in range(5):
        assert stranger.post("/sign-in", {"username": "bob", "password": "wrong"}).status_code == 422
    for forged in ("6.6.6.6", "6.6.6.7"):
        answer = stranger.post(
            "/sign-in", {"username": "bob", "password": "wrong"}, headers={"X-Forwarded-For": forged}
        )
        assert answer.status_code == 429
        assert 0 < int(answer["Retry-After"]) <= 301
    browser.post("/sign-out")
    assert browser.post("/sign-in", {"username": "bob", "password": PASSWORD}).status_code == 302


def test_the_old_password_cannot_be_guessed_either(bob: User) -> None:
    for _ in range(5):
        with pytest.raises(Invalid):
            services.set_password(bob, "wrong", "another long secret")
    with pytest.raises(TooManyAttempts):
        services.set_password(bob, PASSWORD, "another long secret")
    browser = Client()
    browser.force_login(bob)
    answer = browser.post("/settings/password", {"old": PASSWORD, "new": "another long secret"})
    assert answer.status_code == 429
    assert "Too many failed attempts" in answer.content.decode()


# ── hashed ────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_few_passwords_are_hashed_at_once_and_a_short_queue_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    now, most, lock = 0, 0, threading.Lock()
    full = threading.Event()

    def slow(self: object, password: str, salt: str) -> str:
        nonlocal now, most
        with lock:
            now, most = now + 1, max(most, now + 1)
        full.wait(PATIENCE)
        with lock:
            now -= 1
        return "hash"

    monkeypatch.setattr(hashing.Argon2PasswordHasher, "encode", slow)
    monkeypatch.setattr(hashing, "PATIENCE_SECONDS", 60)
    busy: list[Busy] = []

    def one(_: int) -> None:
        try:
            hashing.Argon2().encode("password", "saltsaltsalt")
        except Busy as error:
            with lock:
                busy.append(error)
                if len(busy) == 40 - hashing.AT_ONCE - hashing.WAITING:
                    full.set()

    with ThreadPoolExecutor(40) as pool:
        list(pool.map(one, range(40)))
    assert most == hashing.AT_ONCE
    assert len(busy) == 30
    assert busy[0].status == 503


def test_every_password_is_hashed_in_turn(bob: User, settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.PASSWORD_HASHERS = ["ffweb.people.hashing.Argon2", "django.contrib.auth.hashers.MD5PasswordHasher"]
    admin = User.objects.create(username="root", is_staff=True)
    bob.set_password(PASSWORD)
    bob.save()
    assert bob.password.startswith("argon2$")
    monkeypatch.setattr(hashing, "_queue", threading.BoundedSemaphore(1))
    hashing._queue.acquire()
    invite = services.make_invite(admin)
    browser = Client()
    browser.force_login(bob)
    asked = [
        ("/sign-in", {"username": "bob", "password": PASSWORD}),
        ("/sign-in", {"username": "nobody", "password": PASSWORD}),
        ("/settings/password", {"old": PASSWORD, "new": "another long secret"}),
        (invite, {"username": "carol", "password": PASSWORD}),
    ]
    for path, fields in asked:
        answer = (browser if "settings" in path else Client()).post(path, fields)
        assert (answer.status_code, answer["Retry-After"]) == (503, "5"), path
    assert not Attempt.objects.exists(), "nobody has failed"
    hashing._queue.release()
    assert Client().post(invite, asked[-1][1]).status_code == 302


# ── tokens and links ──────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("door", ["/sign-in/{}", "/s/{}", "/api/v1/s/{}/run", "/api/v1/me"])
def test_whoever_guesses_has_to_wait_and_a_neighbour_with_a_key_has_not(
    bob: User, monkeypatch: pytest.MonkeyPatch, door: str
) -> None:
    monkeypatch.setattr(guesses, "MOST", 10)
    _, secret = services.make_token(bob)

    def ask(token: str, address: str) -> int:
        path = door.format(token)
        headers = {} if "{}" in door else {"Authorization": f"Bearer {token}"}
        return Client().get(path, headers=headers, REMOTE_ADDR=address).status_code

    def key(address: str) -> int:
        return (
            Client().get("/api/v1/me", headers={"Authorization": f"Bearer {secret}"}, REMOTE_ADDR=address).status_code
        )

    assert key("1.2.3.4") == 200
    ends = Counter(ask(f"guess{n}", "1.2.3.4") for n in range(12))
    assert ends[429] == 2
    assert key("1.2.3.4") == 200, "it has worked from there before"
    assert key("5.6.7.8") == 200
    answer = Client().get("/s/another", REMOTE_ADDR="1.2.3.4")
    assert (answer.status_code, int(answer["Retry-After"]) > 0) == (429, True)


def test_a_key_that_has_worked_counts_as_a_guess_when_it_works_no_more(
    bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guesses, "MOST", 3)
    token, secret = services.make_token(bob)
    assert services.user_of_token(secret, "1.2.3.4") == bob
    services.revoke_token(bob, token.pk)
    for _ in range(4):
        assert services.user_of_token(secret, "1.2.3.4") is None
    with pytest.raises(guesses.TooManyGuesses):
        services.user_of_token(secret, "1.2.3.4")


def test_what_is_remembered_of_guesses_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guesses, "REMEMBERED", 10)
    kept = guesses.Guesses()
    for number in range(100):
        with kept.made(f"address {number}", "works") as hashed:
            assert hashed == hash_secret("works")
        with pytest.raises(LookupError), kept.made(f"address {number}", "no"):
            raise LookupError
    assert len(kept._failures) == len(kept._worked) == 10

"""Whom tests share: alice owns, bob is a member too, charlie has left, dora is an admin; and how they call the API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
import pytest
from django.test import Client

from ffweb.people.models import ApiToken, User, hash_secret
from ffweb.runs import facts
from ffweb.runs.models import Run

ROOT = "/api/v1"
CONFIG: dict[str, Any] = {
    "version": 1,
    "name": "first",
    "seed": 0,
    "data": {"name": "digits", "train_size": None},
    "architecture": {"kind": "mlp", "hidden": [500, 500]},
    "objective": {"kind": "threshold", "theta": 1.5},
}


def make_run(owner: User, name: str = "first", **fields: Any) -> Run:
    """A run as it lies in the database, its facts written, without asking the trainer."""
    config = {**CONFIG, "name": name, **fields.pop("config", {})}
    run = Run.objects.create(owner=owner, name=name, **({"config": config, "preset": "ff-digits"} | fields))
    facts.store_config(run)
    facts.store_tags(run)
    if run.result or run.latest:
        facts.store_result(run.pk)
    return run


@pytest.fixture
def alice(db: None) -> User:
    return User.objects.create(username="alice", first_name="Alice", last_name="Example")


@pytest.fixture
def bob(db: None) -> User:
    return User.objects.create(username="bob")


@pytest.fixture
def charlie(db: None) -> User:
    return User.objects.create(username="charlie", is_active=False)


@pytest.fixture
def dora(db: None) -> User:
    return User.objects.create(username="dora", is_staff=True)


class Caller:
    """Calls of one person, or of nobody; bodies are JSON."""

    def __init__(self, token: str | None) -> None:
        self._client = Client(raise_request_exception=False)
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def __call__(self, method: str, path: str, body: Any = None) -> Any:
        sent = b"" if body is None else body if isinstance(body, bytes) else orjson.dumps(body)
        return self._client.generic(method.upper(), ROOT + path, sent, "application/json", headers=self._headers)

    def get(self, path: str) -> Any:
        return self("get", path)

    def post(self, path: str, body: Any = None) -> Any:
        return self("post", path, body)

    def patch(self, path: str, body: Any = None) -> Any:
        return self("patch", path, body)

    def delete(self, path: str) -> Any:
        return self("delete", path)


@pytest.fixture
def calls(db: None) -> Callable[[User | None], Caller]:
    def caller(user: User | None) -> Caller:
        if user is None:
            return Caller(None)
        token = f"token-of-{user.username}"
        ApiToken.objects.get_or_create(user=user, token_hash=hash_secret(token))
        return Caller(token)

    return caller


@pytest.fixture
def as_alice(calls: Callable[[User | None], Caller], alice: User) -> Caller:
    return calls(alice)


@pytest.fixture
def as_bob(calls: Callable[[User | None], Caller], bob: User) -> Caller:
    return calls(bob)


@pytest.fixture
def as_charlie(calls: Callable[[User | None], Caller], charlie: User) -> Caller:
    return calls(charlie)


@pytest.fixture
def as_dora(calls: Callable[[User | None], Caller], dora: User) -> Caller:
    return calls(dora)


@pytest.fixture
def as_nobody(calls: Callable[[User | None], Caller]) -> Caller:
    return calls(None)

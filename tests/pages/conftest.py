"""The people of persons.py, and browsers that are signed in without a password."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from persons import alice, bob, charlie, dora

from ffweb.people.models import User

__all__ = ["alice", "bob", "charlie", "dora"]


@pytest.fixture
def browser(db: None) -> Callable[[User | None], Client]:
    def start(user: User | None = None) -> Client:
        client = Client()
        if user is not None:
            client.force_login(user)
        return client

    return start


@pytest.fixture
def client(browser: Callable[[User | None], Client], alice: User) -> Client:
    """Alice's."""
    return browser(alice)

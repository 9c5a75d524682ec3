"""`manage.py api_token`, and what `check --deploy` warns of."""

from __future__ import annotations

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command

from ffweb.checks import deployment
from ffweb.people.models import User
from ffweb.people.services import user_of_token


def test_api_token_prints_the_token_alone_on_its_last_line(db: None, capsys: pytest.CaptureFixture[str]) -> None:
    bob = User.objects.create(username="bob")
    call_command("api_token", "bob")
    assert user_of_token(capsys.readouterr().out.splitlines()[-1]) == bob


def test_api_token_names_the_members_there_are(db: None) -> None:
    User.objects.create(username="bob")
    User.objects.create(username="charlie", is_active=False)
    for name in ("eve", "charlie"):
        with pytest.raises(CommandError, match=rf"No active member is called {name}\. There are: bob\."):
            call_command("api_token", name)


def test_a_laptop_is_no_server(settings: LazySettings) -> None:
    settings.DEBUG, settings.SECRET_KEY, settings.HTTPS, settings.REDIS_URL = True, "short", False, ""
    settings.ALLOWED_HOSTS = ["localhost", settings.HOST]
    assert [warning.id for warning in deployment()] == [f"ffweb.W00{n}" for n in range(1, 6)]
    assert all(warning.hint for warning in deployment())


def test_a_server_that_is_set_up_has_no_warnings(settings: LazySettings) -> None:
    settings.DEBUG, settings.SECRET_KEY, settings.HTTPS, settings.REDIS_URL = False, "x" * 50, True, "redis://r"
    settings.ALLOWED_HOSTS, settings.PROXIES = ["ff.example.org"], ["127.0.0.1/32"]
    assert deployment() == []

"""`manage.py share`."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from persons import make_run

from ffweb.people.models import User
from ffweb.runs.access import share_for


def test_share_prints_a_link_that_opens_the_run(alice: User, capsys: pytest.CaptureFixture[str]) -> None:
    run = make_run(alice)
    call_command("share", run.pk.upper(), "--days", "2", "--base", "https://ff.example.org/")
    url = capsys.readouterr().out.splitlines()[-1]
    assert url.startswith("https://ff.example.org/s/")
    share = share_for(url.rpartition("/")[2])
    assert share.run == run
    assert share.expires_at is not None
    assert 1.9 < (share.expires_at - timezone.now()).total_seconds() / 86400 < 2.1


def test_share_refuses_what_is_not_there(alice: User) -> None:
    with pytest.raises(CommandError, match="There is no run 00000000"):
        call_command("share", "00000000")
    for days in ("0", "-1", "nan", "inf", "1e9"):
        with pytest.raises(CommandError, match="above 0"):
            call_command("share", make_run(alice).pk, "--days", days)

"""A run that should be at work and is not heard of says so, wherever it is shown."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from persons import make_run

from ffweb.people.models import User
from ffweb.runs import queries, services, status, studies
from ffweb.runs.models import Run
from ffweb.runs.silence import GRACE_SECONDS, LEAST_SECONDS, silent_since

LEASE = settings.LEASE_SECONDS


def at_work(owner: User, *, renewed: float, heard: float, **fields: Any) -> Run:
    """A run whose worker renewed its lease, and whose events came, so many seconds ago."""
    now = timezone.now()
    return make_run(
        owner,
        **{"status": status.RUNNING, "started": now} | fields,
        lease_until=now + timedelta(seconds=LEASE - renewed),
        heard=now - timedelta(seconds=heard),
    )


@pytest.fixture
def silent(alice: User) -> Run:
    return at_work(alice, renewed=LEASE + GRACE_SECONDS + 5, heard=40)


def test_a_worker_that_renews_nothing_is_silent_since_it_was_last_heard(alice: User, silent: Run) -> None:
    since = silent_since(silent)
    assert since is not None
    assert 19 < (timezone.now() - since).total_seconds() < 21  # its last renewal, which is later than its last event
    assert silent_since(at_work(alice, renewed=3, heard=3)) is None
    starting = at_work(alice, renewed=LEASE + GRACE_SECONDS + 5, heard=40, status=status.STARTING)
    assert silent_since(starting) is not None


def test_a_trainer_that_says_nothing_is_silent_though_its_worker_lives(alice: User) -> None:
    assert silent_since(at_work(alice, renewed=1, heard=LEAST_SECONDS + 5)) is not None
    slow = {"time/step": 90.0}  # ten of its steps are longer than that
    assert silent_since(at_work(alice, renewed=1, heard=LEAST_SECONDS + 5, latest=slow)) is None
    fetching = at_work(alice, renewed=1, heard=LEAST_SECONDS + 5, status=status.STARTING)
    assert silent_since(fetching) is None  # it may be downloading its data


@pytest.mark.parametrize("name", [*status.ENDED, status.QUEUED])
def test_what_is_not_at_work_is_never_silent(alice: User, name: str) -> None:
    assert silent_since(at_work(alice, renewed=1000, heard=1000, status=name)) is None


def test_every_place_says_so(alice: User, silent: Run, django_user_model: type[User]) -> None:
    browser = Client()
    browser.force_login(alice)
    payload = queries.run_payload(silent)
    assert payload["silent_since"] is not None
    head = browser.get(f"/runs/{silent.pk}", headers={"X-Partial": "state"}).content.decode()
    assert "No sign of life." in head
    assert "what was measured is safe" in head
    assert "no sign of life" in browser.get("/").content.decode()
    _, token = services.make_share(alice, silent)
    assert "no sign of life since" in Client().get(f"/s/{token}").content.decode()
    assert browser.get(f"/api/v1/runs/{silent.pk}").json()["silent_since"] == payload["silent_since"]


def test_a_study_says_so_of_its_points(alice: User, django_capture_on_commit_callbacks: Callable[..., Any]) -> None:
    with django_capture_on_commit_callbacks(execute=False):
        group, made = _study(alice)
    now = timezone.now()
    Run.objects.filter(pk=made.pk).update(
        status=status.RUNNING, lease_until=now - timedelta(minutes=1), heard=now - timedelta(minutes=2)
    )
    (point,) = studies.read(alice, group)
    assert point.silent
    browser = Client()
    browser.force_login(alice)
    page = browser.get(f"/studies/{group}").content.decode()
    assert "no sign of life" in page


def _study(owner: User) -> tuple[str, Run]:
    from ffweb.runs.studies import TAG

    config = {
        "architecture": {"kind": "mlp", "hidden": [40, 40]},
        "schedule": {"batch_size": 100},
        "data": {"name": "digits", "train_size": 300},
        "device": "cpu",
        "threads": None,
    }
    run = make_run(owner, "FF", config=config, tags=[TAG, "ff"], group="study001")
    return "study001", run

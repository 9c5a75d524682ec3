"""Shared by all tests: the temporary home that the settings made is removed in the end."""

from __future__ import annotations

import os
import shutil

import pytest
from django.conf import settings

for _name in ("FFWEB_HOME", "REDIS_URL", "FFWEB_DATASETS", "FFWEB_GPUS", "FFWEB_CPU_SLOTS"):
    os.environ.pop(_name, None)


def pytest_unconfigure() -> None:
    shutil.rmtree(settings.HOME, ignore_errors=True)


@pytest.fixture(autouse=True)
def nobody_has_guessed_yet() -> None:
    """What is remembered in the process of one test's failures and damages is none of the next one's."""
    from ffweb.condition import damage
    from ffweb.people.guesses import guesses

    guesses.clear()
    damage.forget()

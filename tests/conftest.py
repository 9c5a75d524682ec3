"""Shared by all tests: the temporary home that the settings made is removed in the end."""

from __future__ import annotations

import os
import shutil

from django.conf import settings

for _name in ("FFWEB_HOME", "REDIS_URL", "FFWEB_DATASETS", "FFWEB_GPUS", "FFWEB_CPU_SLOTS"):
    os.environ.pop(_name, None)


def pytest_unconfigure() -> None:
    shutil.rmtree(settings.HOME, ignore_errors=True)

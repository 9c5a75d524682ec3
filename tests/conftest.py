"""Shared by all tests: FFWEB_HOME is a temporary folder, set before Django reads its settings."""

from __future__ import annotations

import os
import shutil
import tempfile

_home = tempfile.mkdtemp(prefix="ffweb-tests-")
os.environ["FFWEB_HOME"] = _home
for _name in ("REDIS_URL", "FFWEB_DATASETS", "FFWEB_GPUS"):
    os.environ.pop(_name, None)


def pytest_unconfigure() -> None:
    shutil.rmtree(_home, ignore_errors=True)

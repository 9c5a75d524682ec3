"""Waiting for what has to come, however busy the machine is. How soon it comes is measured by `make bench`."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

PATIENCE = 240.0
"""Seconds after which something will not come any more: ten times and more what any step takes on a quiet machine."""


def wait_until(true: Callable[[], Any], what: str) -> None:
    """Wait until `true()`. Fails when patience is at its end."""
    deadline = time.monotonic() + PATIENCE
    while not true():
        if time.monotonic() > deadline:
            pytest.fail(f"not within {PATIENCE:.0f} s: {what}")
        time.sleep(0.02)

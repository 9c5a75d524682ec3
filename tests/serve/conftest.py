"""Real sites on a scratch home."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.serve.sites import Site


@pytest.fixture(scope="session")
def scratch_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One home for all sites, one after another: only the first start makes tables and collects static files."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def start_site(scratch_home: Path) -> Iterator[Callable[..., Site]]:
    (scratch_home / "serve.log").unlink(missing_ok=True)
    sites: list[Site] = []

    def start(**env: str) -> Site:
        sites.append(Site(scratch_home, **env))
        return sites[-1]

    yield start
    for site in sites:
        site.end()

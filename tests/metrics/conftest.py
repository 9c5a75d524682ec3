from __future__ import annotations

import pytest

from ffweb.people.models import User
from ffweb.runs.models import Run


@pytest.fixture
def run(db: None) -> Run:
    owner = User.objects.create_user("alice", password="secret")
    return Run.objects.create(name="one", owner=owner, config={})

"""A trainer's process begins in the surroundings that it wants, once."""

from __future__ import annotations

import os
import sys

import pytest

from trainer.surroundings import VARIABLES, settle


@pytest.fixture
def started(monkeypatch):
    """What was started anew, in an environment that says nothing yet."""
    found = []
    for name in VARIABLES:
        monkeypatch.setenv(name, "")  # so that it is put back
        monkeypatch.delenv(name)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(os, "execv", lambda program, arguments: found.append((program, arguments)))
    return found


def test_the_same_command_starts_anew_once(started):
    settle()
    assert started == [(sys.executable, sys.orig_argv)]
    assert {name: os.environ[name] for name in VARIABLES} == VARIABLES
    settle()
    assert len(started) == 1


def test_what_somebody_set_is_kept(started, monkeypatch):
    monkeypatch.setenv("GLIBC_TUNABLES", "glibc.malloc.hugetlb=0")
    settle()
    assert started == []
    assert os.environ["GLIBC_TUNABLES"] == "glibc.malloc.hugetlb=0"


def test_elsewhere_nothing_starts_anew(started, monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    settle()
    assert started == []

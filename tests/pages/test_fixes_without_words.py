"""What the form offers hangs on no sentence: with every message made one word it offers the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from samples import NETS

from ffweb.pages import form_fits
from tests.trainer.test_fixes import info_of, misfitting
from trainer import compatibility
from trainer import config as trainer_config
from trainer.config import RunConfig
from trainer.data.catalogue import describe
from trainer.errors import Problem


@contextmanager
def wordless() -> Iterator[None]:
    """Every message is "no"."""

    def mute(ask: Callable[..., list[Problem]]) -> Callable[..., list[Problem]]:
        return lambda *args: [{**problem, "msg": "no"} for problem in ask(*args)]

    with pytest.MonkeyPatch.context() as patch:
        for name in ("problems", "data_problems"):
            patch.setattr(compatibility, name, mute(getattr(compatibility, name)))
        yield


def offered(name: str) -> dict[str, dict[str, Any]]:
    """{choice: {kind: the changes with which it can be chosen}} from a preset on."""
    form_fits._FOUND.clear()
    config = trainer_config.parse(trainer_config.compose(name))
    found = form_fits.misfits(config, describe(config.data.name))
    return {path: {tag: misfit.fix for tag, misfit in kinds.items()} for path, kinds in found.items()}


@pytest.mark.parametrize("name", NETS)
def test_the_same_ways_lead_to_a_kind_that_does_not_fit(name: str) -> None:
    found = offered(name)
    with wordless():
        assert offered(name) == found
    assert any(fix for kinds in found.values() for fix in kinds.values())


def repairs(config: RunConfig, wrong: list[Problem]) -> list[Any]:
    return [form_fits.repairs(config, info_of(config.data), problem) for problem in wrong]


def test_the_same_repairs_are_offered_for_every_pair_that_does_not_fit() -> None:
    """Of pairs against which the same is said, one."""
    pairs = {
        tuple((problem["loc"], problem["msg"]) for problem in wrong): (config, wrong) for config, wrong in misfitting()
    }
    counted = 0
    for config, wrong in pairs.values():
        found = repairs(config, wrong)
        with wordless():
            assert repairs(config, [{**problem, "msg": "no"} for problem in wrong]) == found
        counted += sum(map(len, found))
    assert counted > 100

"""What a problem carries mends it, over all pairs of values that do not go together."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import combinations
from typing import Any

import pytest

from tests.trainer.pairwise import axes, config_of
from trainer import compatibility, config, merging
from trainer.config import RunConfig
from trainer.data import DataInfo
from trainer.data.catalogue import family_of
from trainer.data.folders import read_folders
from trainer.data.sizes import cut_of
from trainer.errors import ConfigError, Problem

VALUES = axes()
NOT_BY_A_SETTING = ("competitors.kind", "data.valid_size", "architecture.channels", "goodness.kind", "layers.")
"""Where what would work is no one setting's value: images to set aside, widths, a list, the same for all layers."""


@cache
def info_of(data: Any) -> DataInfo:
    return family_of(data.name, read_folders(), cut_of(data))[1]


def problems(config: RunConfig) -> list[Problem]:
    return compatibility.problems(config) or compatibility.data_problems(config, info_of(config.data))


def misfitting() -> Iterator[tuple[RunConfig, list[Problem]]]:
    """Every pair of values that does not go together, the other axes at their defaults."""
    cells = [(axis, n) for axis, values in VALUES.items() for n in range(len(values))]
    for one, other in combinations(cells, 2):
        if one[0] != other[0] and 0 not in (one[1], other[1]):
            found = config_of(dict([one, other]), VALUES)
            if wrong := problems(found):
                yield found, wrong


def changed(found: RunConfig, fix: dict[str, Any]) -> RunConfig:
    return RunConfig.model_validate(merging.change(found.model_dump(mode="json"), fix))


def test_every_fix_mends_its_problem():
    seen, bare, idle = set(), set(), set()
    for found, wrong in misfitting():
        for problem in wrong:
            fixes = problem["fixes"]
            if not fixes:
                bare.add(problem["loc"])
            for fix in fixes:
                left = [(each["loc"], each["msg"]) for each in problems(changed(found, fix))]
                if (problem["loc"], problem["msg"]) in left:
                    idle.add((problem["loc"], problem["msg"], str(fix)))
                seen.add((problem["loc"], *fix))
    assert idle == set()
    assert len(seen) > 30
    assert {loc for loc in bare if not loc.startswith(NOT_BY_A_SETTING)} == set()


def test_what_is_refused_carries_its_fixes_to_the_door():
    found = config.compose("ff-digits", None, {"scope.kind": "whole", "readout.kind": "sum"})
    with pytest.raises(ConfigError) as refused:
        config.parse(found)
    assert {"readout.kind": "candidates"} in refused.value.errors[0]["fixes"]

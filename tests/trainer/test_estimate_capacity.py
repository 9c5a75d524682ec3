"""What this machine can give, and the sentence when it is too little."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from trainer import capacity, config
from trainer.data import catalogue
from trainer.estimate import estimate

BACKPROP = {
    "label_code.kind": "none",
    "competitors.kind": "classes",
    "goodness.kind": "projection",
    "objective.kind": "cross_entropy",
    "scope.kind": "whole",
    "readout.kind": "last",
}
FREE = psutil.virtual_memory().available


def group(folder: Path, **files: object) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, value in files.items():
        (folder / f"memory.{name}").write_text(f"{value}\n")
    return folder


def test_without_control_groups_it_is_what_the_system_has(tmp_path):
    assert capacity.available_memory(tmp_path) == pytest.approx(FREE, rel=0.2)


@pytest.mark.parametrize("below", ["", "memory"])
def test_a_container_s_limit_counts_less_what_it_uses(tmp_path, below):
    version2 = {"max": 900, "current": 500, "stat": "anon 400\ninactive_file 100"}
    version1 = {"limit_in_bytes": 900, "usage_in_bytes": 500, "stat": "total_inactive_file 100"}
    group(tmp_path / below, **(version1 if below else version2))
    assert capacity.available_memory(tmp_path) == 500


def test_no_limit_is_no_limit(tmp_path):
    group(tmp_path, max="max", current=500)
    assert capacity.available_memory(tmp_path) > 1000


def test_the_tightest_of_the_groups_above_counts(tmp_path, monkeypatch):
    group(tmp_path / "a", max=1000, current=100)
    group(tmp_path / "a" / "b", max=2000, current=100)
    listed = tmp_path / "listed"
    listed.write_text("0::/a/b\n")
    monkeypatch.setattr(capacity, "OWN_GROUPS", listed)
    assert capacity.available_memory(tmp_path) == 900


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"data.name": "cifar10"}, "data.train_size"),
        ({"architecture.hidden": [9000, 9000]}, "architecture.hidden"),
        ({"architecture.hidden": [500] * 9, **BACKPROP, "schedule.batch_size": None}, "schedule.batch_size"),
    ],
)
def test_what_does_not_fit_names_the_field_and_the_remedy(changes, field):
    parsed = config.parse(config.compose("ff-digits", changes=changes))
    needed = estimate(parsed, catalogue.describe(parsed.data.name, []))
    assert capacity.fits(needed, needed.memory_bytes) is None
    problem = capacity.fits(needed, needed.memory_bytes - 1)
    assert problem["loc"] == field
    assert "would need less" in problem["msg"]
    assert capacity.size(needed.memory_bytes) in problem["msg"]


def test_bytes_as_a_person_reads_them():
    assert [capacity.size(n) for n in (12, 1500, 251_658_240, 3_000_000_000)] == ["12 B", "1.5 kB", "252 MB", "3 GB"]

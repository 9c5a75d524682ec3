"""The trainer's recipes of docs/how-to-add.md, each done to a copy of the source as a newcomer would."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.recipes import follow, hold, recipes, run, touched

ORACLE, SAMPLER, IMPORTS = (f"tests/trainer/test_{name}.py" for name in ("oracle", "sampler", "imports"))
STATED = "tests/trainer/test_values.py::test_every_rule_is_stated_plainly"
CASE = "tests/trainer/test_values_learn.py::test_every_value_has_a_case"
NO_TORCH = f"{IMPORTS}::test_no_torch[a form's questions]"


@pytest.fixture
def done(tmp_path: Path) -> Callable[[str], Path]:
    """A copy of the source in which a recipe is done."""

    def do(recipe: str) -> Path:
        follow(recipe, tmp_path)
        return tmp_path

    return do


def test_there_are_ten_recipes() -> None:
    values = {"goodness", "objective", "normalisation", "negatives", "readout", "architecture"}
    assert recipes() == values | {
        "data-set",
        "metric",
        "chart",
        "page",
    }  # the last two: tests/pages/test_chart_and_page.py


def learns(*cases: str) -> list[str]:
    return [f"tests/trainer/test_values_learn.py::test_a_value_beats_its_frozen_net[{case}]" for case in cases]


def test_a_goodness_function_is_one_class(done: Callable[[str], Path]) -> None:
    assert touched("goodness") == {"trainer/axes/goodness.py"}
    copy, step = done("goodness"), "tests/trainer/test_values.py::test_a_step_on_activities[logarithm]"
    assert json.loads(run(copy, "-m", "trainer", "schema"))["$defs"]["Logarithm"]["formula"] == "log(1 + mean of h²)"
    hold(copy, ORACLE, step, STATED, CASE, NO_TORCH, *learns("logarithm"))


def test_an_objective_is_one_class(done: Callable[[str], Path]) -> None:
    assert touched("objective") == {"trainer/axes/objective.py"}
    copy, step = done("objective"), "tests/trainer/test_values.py::test_a_step_on_pairs"
    hold(copy, ORACLE, step, STATED, CASE, NO_TORCH, *learns("squared_hinge"))


def test_a_normalisation_is_one_class(done: Callable[[str], Path]) -> None:
    assert touched("normalisation") == {"trainer/axes/normalisation.py"}
    copy, places = done("normalisation"), ("input", "before", "handover")
    hold(copy, ORACLE, STATED, CASE, NO_TORCH, *learns(*(f"{place} mean_one" for place in places)))


def test_a_way_to_draw_negatives_is_one_class(done: Callable[[str], Path]) -> None:
    assert touched("negatives") == {"trainer/axes/competitors.py"}
    hold(done("negatives"), ORACLE, SAMPLER, STATED, CASE, NO_TORCH, *learns("shuffled"))


def test_a_metric_is_an_entry_and_its_measurement(done: Callable[[str], Path]) -> None:
    assert touched("metric") == {"trainer/metrics.py", "trainer/gauges.py"}
    copy, command = done("metric"), "tests/trainer/test_command.py"
    measured = f"{command}::test_every_metric_that_applies_is_measured_and_no_other"
    hold(
        copy,
        measured,
        "tests/trainer/test_events.py",
        "tests/trainer/test_overall.py",
        f"{IMPORTS}::test_no_torch[metrics]",
    )


def test_a_data_set_is_a_module_and_its_name(done: Callable[[str], Path]) -> None:
    assert touched("data-set") == {"trainer/data/stripes.py", "trainer/data/catalogue.py"}
    copy = done("data-set")
    few = ["data.name=stripes", "schedule.epochs=5", "architecture.hidden=[100,100]", "threads=1"]
    run(copy, "-m", "trainer", "run", "--preset=ff-digits", *(f"--set={one}" for one in few), "--out=run")
    assert json.loads((copy / "run" / "result.json").read_text())["test_accuracy"] > 0.8  # of four labels
    offered = ("test_the_listing_says_what_is_there", "test_unknown_names_list_what_would_work")
    same = "tests/trainer/test_data_fingerprint.py::test_sets_of_the_catalogue_are_the_same_every_time"
    hold(copy, *(f"tests/trainer/test_data_load.py::{test}" for test in offered), f"{same}[stripes]", NO_TORCH)


def test_a_readout_is_one_class(done: Callable[[str], Path]) -> None:
    assert touched("readout") == {"trainer/axes/readout.py"}
    hold(done("readout"), STATED, CASE, NO_TORCH, *learns("upper_half"))


def test_an_architecture_is_a_block_and_a_list_of_them(done: Callable[[str], Path]) -> None:
    assert touched("architecture") == {"trainer/blocks/maxout.py", "trainer/axes/architecture.py"}
    hold(done("architecture"), STATED, CASE, NO_TORCH, *learns("maxout"))

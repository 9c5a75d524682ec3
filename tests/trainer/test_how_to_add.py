"""The trainer's recipes of docs/how-to-add.md, each done to a copy of the source as a newcomer would."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.recipes import follow, hold, recipes, run, touched

HERE = "tests/trainer"
ORACLE, IMPORTS = f"{HERE}/test_oracle.py", f"{HERE}/test_imports.py::test_no_torch"
NO_TORCH = f"{IMPORTS}[a form's questions]"
CATALOGUE = (
    f"{HERE}/test_values.py::test_every_rule_is_stated_plainly",
    f"{HERE}/test_values_learn.py::test_every_value_has_a_case",
    NO_TORCH,
)


@pytest.fixture
def done(tmp_path: Path) -> Callable[[str], Path]:
    """A copy of the source in which a recipe is done."""

    def do(recipe: str) -> Path:
        follow(recipe, tmp_path)
        return tmp_path

    return do


def test_there_are_ten_recipes() -> None:
    values = {"goodness", "objective", "normalisation", "negatives", "readout", "architecture"}
    of_the_site = {"chart", "page"}  # tests/pages/test_chart_and_page.py
    assert recipes() == values | {"data-set", "metric"} | of_the_site


def alive(kind: str, *fields: str) -> list[str]:
    """The tests that fields of a value change something."""
    test = f"{HERE}/test_fields.py::test_every_field_changes_the_weights_or_what_is_measured"
    return [f"{test}[{field} {kind}]" for field in fields]


def learns(*cases: str) -> list[str]:
    """The tests that values learn."""
    return [f"{HERE}/test_values_learn.py::test_a_value_beats_its_frozen_net[{case}]" for case in cases]


def test_a_goodness_function_is_one_class(done: Callable[[str], Path]) -> None:
    assert touched("goodness") == {"trainer/axes/goodness.py"}
    copy, step = done("goodness"), f"{HERE}/test_values.py::test_a_step_on_activities[logarithm]"
    assert json.loads(run(copy, "-m", "trainer", "schema"))["$defs"]["Logarithm"]["formula"] == "log(1 + mean of h²)"
    fixes = f"{HERE}/test_fixes.py::test_every_fix_mends_its_problem"
    hold(copy, ORACLE, *CATALOGUE, step, fixes, *learns("logarithm"))


def test_an_objective_is_one_class(done: Callable[[str], Path]) -> None:
    assert touched("objective") == {"trainer/axes/objective.py"}
    steps, field = f"{HERE}/test_values.py::test_a_step_on_pairs", alive("squared_hinge", "objective.alpha")
    hold(done("objective"), ORACLE, *CATALOGUE, steps, *field, *learns("squared_hinge"))


def test_a_normalisation_is_one_class(done: Callable[[str], Path]) -> None:
    assert touched("normalisation") == {"trainer/axes/normalisation.py"}
    places = ("input", "before", "handover")
    fields = alive("peak", *(f"normalisation.{place}.eps" for place in places))
    hold(done("normalisation"), ORACLE, *CATALOGUE, *fields, *learns(*(f"{place} peak" for place in places)))


def test_a_way_to_draw_negatives_is_one_class(done: Callable[[str], Path]) -> None:
    assert touched("negatives") == {"trainer/axes/competitors.py"}
    hold(done("negatives"), ORACLE, f"{HERE}/test_sampler.py", *CATALOGUE, *learns("shuffled"))


def test_a_readout_is_one_class(done: Callable[[str], Path]) -> None:
    assert touched("readout") == {"trainer/axes/readout.py"}
    hold(done("readout"), *CATALOGUE, *learns("upper_half"))


def test_an_architecture_is_a_block_and_a_list_of_them(done: Callable[[str], Path]) -> None:
    assert touched("architecture") == {"trainer/blocks/maxout.py", "trainer/axes/architecture.py"}
    fields = alive("maxout", *(f"architecture.{name}" for name in ("width", "depth", "pieces")))
    hold(done("architecture"), *CATALOGUE, *fields, *learns("maxout"))


def test_a_metric_is_an_entry_and_its_measurement(done: Callable[[str], Path]) -> None:
    assert touched("metric") == {"trainer/metrics.py", "trainer/gauges.py"}
    measured = f"{HERE}/test_command.py::test_every_metric_that_applies_is_measured_and_no_other"
    told = (f"{HERE}/test_events.py::test_every_metric_is_told_once", f"{HERE}/test_overall.py")
    hold(done("metric"), measured, *told, f"{IMPORTS}[metrics]")


def test_a_data_set_is_a_module_and_its_name(done: Callable[[str], Path]) -> None:
    assert touched("data-set") == {"trainer/data/stripes.py", "trainer/data/catalogue.py"}
    copy = done("data-set")
    few = ["data.name=stripes", "schedule.epochs=5", "architecture.hidden=[100,100]", "threads=1"]
    run(copy, "-m", "trainer", "run", "--preset=ff-digits", *(f"--set={one}" for one in few), "--out=run")
    assert json.loads((copy / "run" / "result.json").read_text())["test_accuracy"] > 0.8  # of four labels
    names = ("test_the_listing_says_what_is_there", "test_unknown_names_list_what_would_work")
    same = f"{HERE}/test_data_fingerprint.py::test_sets_of_the_catalogue_are_the_same_every_time[stripes]"
    hold(copy, *(f"{HERE}/test_data_load.py::{name}" for name in names), same, NO_TORCH)

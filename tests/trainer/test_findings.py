"""Findings: every case can be run and compared, and none is told without its figures."""

from __future__ import annotations

import pytest
from rows import row

from trainer.config import compose, parse
from trainer.presets import PRESETS
from trainer.presets.findings import FINDINGS, Case, Finding, measured
from trainer.presets.fingerprint import fingerprint
from trainer.presets.summary import accuracy_of
from trainer.reproduce.findings import stories

SLOW = {"optimiser.lr": 0.0001}
FINDING = Finding(
    "slow", "A small rate", "It learns less.", "One net.", "test/error",
    (Case("as it is", "ff-digits"), Case("a small rate", "ff-digits", SLOW)),
)  # fmt: skip


def test_a_finding_stands_with_the_figures_of_all_its_cases():
    rows = [row(0, 0.9), row(0, 0.6, changes=SLOW), row(0, 0.5, "random", changes=SLOW)]
    lines = stories(rows, [FINDING]).splitlines()
    cells = [line.strip("| ").split(" | ") for line in lines if line.startswith("| a")]
    budget = "60 epochs<br>20 s<br>A processor, 1 thread on 2 cores, torch 2.13.0"
    assert lines[0] == "## A small rate"
    assert cells == [
        ["as it is", "10.00 % error (1 seed)", "50.0 · –", "–", budget, "`ff-digits`"],
        ["a small rate", "40.00 % error (1 seed)", "50.0 · –", "50.00 % error", budget,
         "`ff-digits`<br>`--set optimiser.lr=0.0001`"],
    ]  # fmt: skip


def test_nothing_is_claimed_before_all_cases_have_been_run():
    assert measured(FINDING, [row(0, 0.9)]) is None
    missing = "- `ff-digits` `--set optimiser.lr=0.0001`\n"
    assert stories([row(0, 0.9)], [FINDING]) == f"## Not run yet\n\n{missing}"
    assert stories([], [FINDING]) == f"## Not run yet\n\n- `ff-digits`\n{missing}"
    assert stories([row(0, 0.9), row(0, 0.6, "random", changes=SLOW)], [FINDING]).startswith("## Not run yet")


@pytest.mark.parametrize("finding", FINDINGS, ids=lambda finding: finding.slug)
def test_every_case_is_a_config_of_its_own_that_has_what_it_is_compared_by(finding):
    configs = [parse(compose(case.preset, None, dict(case.changes))) for case in finding.cases]
    assert len({fingerprint(config) for config in configs}) == len(configs) > 1
    assert len({config.data.name for config in configs}) == 1
    assert accuracy_of(finding.metric) in ("test/accuracy", "test/perplexity")
    assert all(case.preset in PRESETS and case.words for case in finding.cases)

"""The table of charts, and the sentences that are built from numbers."""

from __future__ import annotations

from typing import Any

import pytest

from ffweb.pages.charts import CHARTS, RESULT_CHARTS, expected
from ffweb.pages.format import THIN
from ffweb.pages.run_data import threshold, twin_of
from ffweb.pages.run_words import config_groups
from ffweb.pages.sentence import Outcome, compared, headline, outcome, result_sentence
from ffweb.runs.models import Run
from trainer.config import compose, parse
from trainer.metrics import metric


def config(preset: str, **changes: Any) -> dict[str, Any]:
    return parse(compose(preset, None, changes)).model_dump(mode="json")


def test_every_series_of_a_chart_is_a_metric_of_the_trainer_with_its_unit() -> None:
    for chart in CHARTS:
        for series in chart.series:
            known = metric(series.glob.replace("layers/*/", "layers/1/"))
            assert known is not None, series.glob
            assert chart.kind == "histogram" or known.unit == chart.unit, chart.id


def test_names_of_charts_are_unique_and_their_widths_fit() -> None:
    names = [chart.id for chart in CHARTS] + [bars.id for bars in RESULT_CHARTS]
    assert len(names) == len(set(names))
    assert all(3 <= chart.width <= 12 for chart in CHARTS)


@pytest.mark.parametrize(
    ("preset", "there", "missing"),
    [
        ("ff-digits", {"goodness", "separation", "gap", "layer-accuracy", "accuracy"}, {"energy"}),
        ("mono-forward-digits", {"layer-accuracy", "layer-loss", "accuracy"}, {"goodness", "gap", "separation"}),
        ("backprop-digits", {"accuracy", "loss", "memory"}, {"goodness", "gap", "layer-loss"}),
    ],
)
def test_empty_cards_stand_only_where_values_will_come(preset: str, there: set[str], missing: set[str]) -> None:
    cards = set(expected(config(preset)))
    assert there <= cards
    assert not missing & cards


def test_the_threshold_is_drawn_only_where_the_objective_has_one() -> None:
    assert threshold(config("ff-digits", **{"objective.kind": "threshold", "objective.theta": 1.5})) == 1.5
    assert threshold(config("backprop-digits")) is None


def test_what_differs_from_the_preset_says_so() -> None:
    groups = config_groups(config("ff-digits", **{"optimiser.lr": 0.01}), "ff-digits")
    changed = {row.path: (row.value, row.was) for group in groups for row in group.rows if row.was is not None}
    assert changed == {"optimiser.lr": ("0.01", "3e-3")}


def test_the_twin_is_the_backprop_run_of_the_same_seed() -> None:
    run = Run(id="me", config=config("ff-digits", seed=1))
    others = [
        {"id": "me", "config": run.config},
        {"id": "other-seed", "config": config("backprop-digits", seed=0)},
        {"id": "ff", "config": config("ff-digits", seed=1)},
        {"id": "twin", "config": config("backprop-digits", seed=1)},
    ]
    found = twin_of(run, others)
    assert found is not None
    assert found["id"] == "twin"
    assert twin_of(Run(id="bp", config=config("backprop-digits")), others) is None


# ── sentences ─────────────────────────────────────────────────────────────────────────────────────────────────────
def told(accuracy: float | None, **more: Any) -> Outcome:
    return Outcome(**{"accuracy": accuracy, "test_images": 10_000, "seconds": 1371.0, **more})


def plain(text: str) -> str:
    return text.replace(THIN, " ").replace("\xa0", " ")


def test_a_result_says_time_accuracy_and_what_differs_from_the_twin() -> None:
    sentence = result_sentence(told(0.9827, memory=1.4e9), told(0.9884, memory=1.95e9))
    assert plain(sentence) == (
        "Finished in 22 min 51 s. Test accuracy 98.27 %, 0.57 points below its backprop twin, with 28 % less memory."
    )


def test_a_difference_that_chance_could_make_is_none() -> None:
    sentence = result_sentence(told(0.972, test_images=360), told(0.977, test_images=360))
    assert "level with its backprop twin" in sentence
    assert plain(sentence).startswith("Finished in 22 min 51 s. Test accuracy 97.20 %,")


def test_nothing_is_said_of_what_was_not_measured() -> None:
    frozen = result_sentence(told(0.9667, test_images=360), frozen=told(0.9103, test_images=360))
    assert "Test accuracy 96.67 %, 5.64 points above the same layers frozen." in plain(frozen)
    assert plain(result_sentence(told(None))) == "Finished in 22 min 51 s."
    assert result_sentence(told(None, seconds=None)) == "Finished."
    assert compared(None, 3.0) == ""
    assert compared(1.0, 1.005) == ""
    assert compared(2.5, 1.0, "memory") == "2.5 times the memory"


def test_an_outcome_takes_the_last_accuracy_the_highest_memory_and_all_the_time() -> None:
    latest = {"test/accuracy": 0.9, "memory/rss": 5.0, "memory/rss_peak": 7.0, "time/e2e": 3.0}
    payload = {"latest": latest, "started": "2026-01-31T10:00:00Z", "ended": "2026-01-31T10:00:05Z"}
    assert outcome(payload, 360) == Outcome(0.9, 360, 7.0, 5.0)


def test_the_headline_of_a_share() -> None:
    said = headline("FF", "Digits (8 × 8)", "finished", told(0.9751))
    assert plain(said) == "Forward-Forward reads 97.51 % of Digits’ test images right"
    assert plain(headline("BP", "MNIST", "running", told(0.9))).endswith("of MNIST’s test images right so far")
    assert headline("MF", "MNIST", "queued", told(None)) == "Mono-Forward on MNIST, in training"

"""What a series comes to over a run: not what it happened to be in its last moment."""

from __future__ import annotations

import json
import math

import pytest

from tests.trainer import tiny
from trainer.errors import Stopped
from trainer.metrics import METRICS, over_of
from trainer.overall import Overall


def over(result, name):
    return result["metrics"][name]["over"]


def result_of(out):
    return json.loads((out / "result.json").read_bytes())


def test_a_mean_weighs_by_steps_and_a_rate_by_seconds():
    overall = Overall()
    for step, seconds, speed, took in ((1, 2.0, 50.0, 2.0), (11, 4.0, 500.0, 0.2), (13, 4.5, 400.0, math.nan)):
        overall.add({"speed/images_per_second": speed, "time/step": took}, step=step, seconds=seconds)
    assert overall.whole["speed/images_per_second"][0] == pytest.approx((2 * 50 + 2 * 500 + 0.5 * 400) / 4.5)
    assert overall.whole["time/step"][0] == pytest.approx((1 * 2 + 10 * 0.2) / 11)  # what is no number says nothing


def test_a_peak_stays_and_a_last_value_is_left_to_the_last():
    overall = Overall()
    for step, held in enumerate((5.0, 9.0, 7.0), 1):
        overall.add({"memory/rss": held, "test/accuracy": held}, step=step, seconds=step)
    assert overall.whole == {"memory/rss": [9.0, 3]}


def test_what_is_measured_anew_at_every_point_is_never_told_by_its_last_value():
    moments = ("speed/", "cpu/", "gpu/", "memory/", "time/step", "time/data", "time/forward", "time/update")
    for metric in METRICS:
        if metric.name.removeprefix("layers/{layer}/").startswith(moments):
            assert metric.over != "last", metric.name
    assert over_of("layers/3/gap") == over_of("test/accuracy") == over_of("energy/total") == "last"
    assert over_of("a metric of a later version") == "last"


@pytest.mark.parametrize("parts", [1, 3])
def test_a_result_tells_of_the_whole_run_stopped_or_not(tmp_path, parts):
    config, resume = tiny.config(), False
    for asked in (7, 5)[: parts - 1]:
        with pytest.raises(Stopped):
            tiny.train(config, tmp_path, tiny.StopAt(tmp_path, asked), resume=resume)
        resume = True
    tiny.train(config, tmp_path, resume=resume)
    result = result_of(tmp_path)
    assert over(result, "speed/images_per_second") == pytest.approx(result["images"] / result["train_seconds"])
    assert over(result, "time/step") == pytest.approx(result["train_seconds"] / result["steps"])
    told = [event["values"] for event in tiny.events(tmp_path, "metrics")]
    assert over(result, "memory/rss") >= max(values["memory/rss"] for values in told)
    assert over(result, "test/accuracy") == result["metrics"]["test/accuracy"]["last"] == result["test_accuracy"]


def test_one_quantity_has_one_value_in_a_result(tmp_path):
    tiny.train(tiny.config(), tmp_path)
    result = result_of(tmp_path)
    assert result["peak"]["rss"] == over(result, "memory/rss_peak") == result["metrics"]["memory/rss_peak"]["last"]
    assert result["peak"]["rise"] == over(result, "memory/rise")
    assert result["e2e_seconds"] == over(result, "time/e2e")
    assert result["compute_seconds"] == over(result, "time/compute")
    (start,) = tiny.events(tmp_path, "start")
    assert start["metrics"]["speed/images_per_second"]["over"] == "rate"

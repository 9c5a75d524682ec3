"""The estimated peak against the peak of real runs, each in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from datafiles import npz_bytes, pictures

from tests.waiting import PATIENCE
from trainer import config
from trainer.data import catalogue
from trainer.estimate import estimate

BIG = {"data.name": "npz:big", "schedule.epochs": 1, "evaluate.train_images": 100}
CASES = {
    "digits": ("ff-digits", {"schedule.epochs": 1}),
    "wide": ("ff-digits", {"architecture.hidden": [2000, 2000], "schedule.epochs": 1, "data.train_size": 300}),
    "many images": ("ff-digits", BIG | {"schedule.batch_size": 500, "architecture.hidden": [100]}),
    "streamed": (
        "ff-digits",
        BIG | {"schedule.batch_size": 2000, "architecture.hidden": [1500] * 4, "memory.kind": "streamed"},
    ),
    "recurrent": (
        "ff-digits",
        BIG
        | {
            "architecture.kind": "recurrent",
            "architecture.hidden": [1000] * 8,
            "label_code.kind": "top",
            "schedule.batch_size": 4000,
            "data.train_size": 4000,
        },
    ),
    "backprop, a batch at once": (
        "backprop-digits",
        BIG
        | {"architecture.hidden": [1500] * 6, "schedule.batch_size": 4000, "memory.batch": "whole"}
        | {"data.train_size": 8000},
    ),
    "one batch of all": ("ff-digits", BIG | {"schedule.batch_size": None, "architecture.hidden": [500, 500]}),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_the_estimated_peak_is_within_a_quarter_of_the_real_one(case, tmp_path):
    preset, changes = CASES[case]
    x, y, xt, yt = pictures(train=1400, test=300)
    index = [n % len(x) for n in range(20_000)]
    (tmp_path / "big.npz").write_bytes(npz_bytes(x_train=x[index], y_train=y[index], x_test=xt, y_test=yt))
    arguments = [f"--set={path}={json.dumps(value)}" for path, value in (changes | {"threads": 1}).items()]
    subprocess.run(
        [sys.executable, "-m", "trainer", "run", "--preset", preset, *arguments, "--out", tmp_path / "run"],
        env=os.environ | {"FFWEB_DATASETS": str(tmp_path), "FFWEB_HOME": str(tmp_path)},
        capture_output=True,
        timeout=3 * PATIENCE,  # trains for half a minute on a core of its own
        check=True,
    )
    peak = json.loads((tmp_path / "run" / "result.json").read_bytes())["peak"]["rss"]
    parsed = config.parse(config.compose(preset, changes=changes))
    guessed = estimate(parsed, catalogue.describe(parsed.data.name, [tmp_path]))
    assert guessed.memory_bytes == pytest.approx(peak, rel=0.25)

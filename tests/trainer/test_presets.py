"""Presets: each is a config that parses, fits its data set, and says what it is; and the hybrid in particular."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.trainer import tiny
from trainer.config import compose, parse
from trainer.controls import CONTROLS
from trainer.data.catalogue import family_of
from trainer.data.folders import read_folders
from trainer.data.sizes import cut_of
from trainer.errors import ConfigError
from trainer.estimate import estimate, problems
from trainer.metrics import metric
from trainer.presets import PRESETS
from trainer.reproduce.short import shrink

UPPER = {
    "span": "3-",
    "scope": {"kind": "whole"},
    "competitors": {"kind": "classes"},
    "goodness": {"kind": "projection", "start": "normal"},
    "objective": {"kind": "cross_entropy"},
}
HYBRID = {"architecture.hidden": [16, 12, 10, 8], "schedule.kind": "joint", "readout.kind": "last"}


@pytest.fixture(scope="module", autouse=True)
def _sets(tmp_path_factory):
    """A stand-in for the part of CIFAR-10 that some presets train on."""
    folder = tmp_path_factory.mktemp("sets")
    sizes = {"train": 10_000, "test": 2_500}
    arrays = {f"x_{part}": np.zeros((size, 32, 32, 3), np.uint8) for part, size in sizes.items()}
    arrays |= {f"y_{part}": np.arange(size) % 10 for part, size in sizes.items()}
    np.savez(folder / "cifar10_sub.npz", **arrays)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FFWEB_DATASETS", str(folder))
        yield


def info_of(config):
    return family_of(config.data.name, read_folders(), cut_of(config.data))[1]


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_is_a_run_that_fits_its_data_and_can_be_shrunk(name):
    preset, config = PRESETS[name], parse(compose(name))
    info = info_of(config)
    assert problems(config, info) == []
    assert estimate(config, info).total_flops > 0
    assert problems(shrink(config), info) == []
    assert preset.method
    assert preset.summary.endswith(".")
    assert preset.differs == "" or preset.differs.endswith(".")
    assert preset.minutes > 0
    if preset.target:
        series = preset.target.metric.replace("error", "accuracy")
        assert metric(series)


@pytest.mark.parametrize("name", PRESETS)
def test_the_controls_of_a_preset_fit_its_data_too(name):
    config = parse(compose(name))
    info, made = info_of(config), 0
    for control in CONTROLS.values():
        try:
            derived = control.derive(config)
        except ConfigError:
            continue
        made += 1
        again = parse(derived.model_dump(mode="json"))
        assert problems(again, info) == [], control.name
    assert made


def test_the_hybrids_gradient_reaches_the_upper_layers_only(tmp_path):
    """Whatever the upper layers do, the lower ones learn the same; and the upper ones learn together."""
    variants = [UPPER, {**UPPER, "objective": {"kind": "cross_entropy", "temperature": 0.1}}]
    first, other = (
        tiny.weights(tiny.train(tiny.config({**HYBRID, "layers": [layer]}), tmp_path / str(number)))
        for number, layer in enumerate(variants)
    )
    assert all(torch.equal(a, b) for a, b in zip(first[:2], other[:2], strict=True))
    assert all(not torch.equal(a, b) for a, b in zip(first[2:], other[2:], strict=True))


def test_the_hybrid_goes_layer_by_layer_and_then_all_above_on_the_neutral_label(tmp_path):
    config = tiny.config({**HYBRID, "schedule.kind": "greedy", "schedule.epochs": 2, "layers": [UPPER]})
    assert [phase.layers for phase in config.phases()] == [(0,), (1,), (2, 3)]
    tiny.train(config, tmp_path)
    names = {name for event in tiny.events(tmp_path, "metrics") for name in event["values"]}
    assert {"layers/1/gap", "layers/2/gap", "layers/4/loss", "test/accuracy"} <= names
    assert not {"layers/3/loss", "layers/3/gap", "layers/4/gap"} & names

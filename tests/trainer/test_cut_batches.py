"""However a batch is cut into pieces, a step is the same but for rounding: at every value of every axis."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from tests.trainer import tiny
from tests.trainer.pairwise import Point, config_of
from tests.trainer.test_walk import STEPS, VALUES, data_of, told, walked
from trainer import dropout, pieces, products
from trainer.axes.precision import Float32
from trainer.config import RunConfig, compose, parse
from trainer.recorder import Recorder
from trainer.rundir import RunDir
from trainer.session import Session
from trainer.stopping import Stop

IMAGES = 5
"""In a piece, of batches of 12; dropout's masks are drawn for 4 at a time."""
ROUNDING = 1e-8


@pytest.fixture(autouse=True)
def _float64(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(dropout, "TOGETHER", 4)
    monkeypatch.setattr(products, "LIBRARY", "torch")  # oneDNN has no float64
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def cut(monkeypatch: pytest.MonkeyPatch, images: int) -> None:
    monkeypatch.setattr(pieces, "LARGEST", images)
    monkeypatch.setattr(pieces, "SMALLEST", images)


def after(config: RunConfig, folder: Path) -> tuple[dict[str, Tensor], int]:
    """All that a run holds after two steps, in float64, and how many images its pieces had."""
    place, device = RunDir(folder).create(), torch.device("cpu")
    data = data_of(config.data, config.seed)
    data = replace(data, x_train=data.x_train.double(), x_test=data.x_test.double())
    run = Session(config, data, folder=place, recorder=Recorder(place), stop=Stop(place), device=device)
    assert len(list(tiny.learnt(run, STEPS))) == STEPS
    found = {}
    for layer in run.net.layers:
        layer.at_hand()
        parts = layer.tensors() | {"flat": layer.buffer.flat}
        found |= {f"{layer.index}.{name}": value.clone() for name, value in parts.items()}
    if run.head:
        found |= {f"head.{name}": value.clone() for name, value in run.head.tensors().items()}
    return found, run.net.piece


def apart(config: RunConfig, folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[float, bool]:
    """How far a batch in pieces ends from a whole one, and whether it went in pieces."""
    cut(monkeypatch, 1000)
    whole, _ = after(config, folder / "whole")
    cut(monkeypatch, IMAGES)
    found, size = after(config, folder / "cut")
    assert found.keys() == whole.keys()
    distances = [float((found[name] - whole[name]).abs().max()) for name in whole if whole[name].numel()]
    return max(distances), size == IMAGES


def points() -> list[Point]:
    """Each value is in three of them where it can be."""
    left, found = {(axis, n): 3 for axis, values in VALUES.items() for n in range(len(values))}, []
    for point in walked()[1]:
        wanted = [cell for cell in point.items() if left[cell]]
        if wanted:
            found.append(point)
        for cell in wanted:
            left[cell] -= 1
    return found


def test_a_step_does_not_hang_on_how_its_batch_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.set_num_threads(1)
    wrong: list[tuple[float, dict[str, Any]]] = []
    in_pieces = 0
    for number, point in enumerate(chosen := points()):
        config = config_of(point, VALUES).model_copy(update={"precision": Float32()})
        distance, went = apart(config, tmp_path / str(number), monkeypatch)
        in_pieces += went
        if not distance < ROUNDING:
            wrong.append((distance, told(point)))
    assert wrong == []
    assert in_pieces > len(chosen) / 3


STREAMED = {
    "as it comes": {},
    "peers": {"regulariser": {"peer": 0.1}},
    "batch norm": {"normalisation": {"input": {"kind": "rms"}, "handover": {"kind": "batch"}}},
    "dropout": {"regulariser": {"dropout": 0.3, "input_dropout": 0.2}},
    "hard labels": {"competitors": {"kind": "hard_wrong_label", "from": "all", "count": 2}},
}


@pytest.mark.parametrize("rule", STREAMED)
def test_nor_where_layers_are_streamed(rule: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    short = {"schedule.batch_size": 12, "schedule.epochs": 1, "architecture.hidden": [10, 8], "memory.kind": "streamed"}
    config = parse(compose(None, STREAMED[rule], {**short, "threads": 1}))
    distance, _ = apart(config, tmp_path, monkeypatch)
    assert distance < ROUNDING

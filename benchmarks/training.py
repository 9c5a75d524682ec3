"""How fast training and the label sweep are, beside the usual script: CPU time of one thread, in turns, as ratios."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import torch

from benchmarks import product, reference
from benchmarks.harness import Row
from trainer.evaluate import judge

TURNS = 5
MLP = {
    "init.kind": "torch_default", "label_code.strength": "max", "normalisation.input.kind": "unit_l2",
    "normalisation.handover.kind": "unit_l2", "objective.kind": "threshold", "objective.theta": 2.0,
    "objective.slope": 1.0, "architecture.hidden": [500, 500],
}  # fmt: skip
Act = Callable[[], object]


def rows() -> list[Row]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with tempfile.TemporaryDirectory() as folder:
            return [_full_batch(Path(folder)), _sweep(Path(folder)), _small_step(Path(folder))]
    finally:
        torch.set_num_threads(threads)


def ratio(usual: Act, ours: Act) -> float:
    """How many times the CPU time of `ours` `usual` takes: the median of turns after a first one."""
    return statistics.median([_seconds(usual) / _seconds(ours) for _ in range(TURNS + 1)][1:])


def _seconds(act: Act) -> float:
    began = time.process_time()
    act()
    return time.process_time() - began


def _full_batch(folder: Path) -> Row:
    """One epoch of each layer, all 50,000 images at once."""
    data = product.dataset(folder, 50_000)
    changes = MLP | {"schedule.kind": "greedy", "schedule.epochs": 1, "schedule.batch_size": None, "optimiser.lr": 0.03}
    x, y = data.x_train.flatten(1), data.y_train

    def ours() -> None:
        run = product.session(folder / "full", data, changes)
        for step in run.plan.after(0):
            product.take(run, step)

    def usual() -> None:
        layers = [reference.Layer(784, 500), reference.Layer(500, 500)]
        reference.joint(layers, reference.overlay(x, y), reference.overlay(x, _wrong(y)))

    return Row("full-batch/float32", ratio(usual, ours), 2.9, "×", "up")


def _sweep(folder: Path) -> Row:
    """The labels of 10,000 images."""
    data = product.dataset(folder, 10_000)
    run = product.session(folder / "sweep", data, MLP)
    x, y = data.x_train, data.y_train
    layers = [reference.Layer(784, 500), reference.Layer(500, 500)]
    whole = x.flatten(1)
    swept = ratio(
        lambda: reference.sweep(layers, whole),
        lambda: judge(run.net, run.config.readout, None, (x, y), trained=2),
    )
    return Row("sweep/float32", swept, 3.7, "×", "up")


def _small_step(folder: Path) -> Row:
    """Batches of 128, all layers in each step."""
    data = product.dataset(folder, 128 * 40)
    changes = MLP | {"schedule.kind": "joint", "schedule.batch_size": 128, "schedule.epochs": 100}
    run = product.session(folder / "small", data, changes)
    steps = run.plan.after(0)
    layers = [reference.Layer(784, 500), reference.Layer(500, 500)]
    x, y = data.x_train.flatten(1), data.y_train

    def usual() -> None:
        for xs, ys in zip(torch.split(x, 128), torch.split(y, 128), strict=True):
            reference.joint(layers, reference.overlay(xs, ys), reference.overlay(xs, _wrong(ys)))

    def ours() -> None:
        for step in islice(steps, 40):
            product.take(run, step)

    return Row("small-step/float32", ratio(usual, ours), 2.3, "×", "up")


def _wrong(labels: torch.Tensor) -> torch.Tensor:
    """Wrong labels, each as likely as the others."""
    return (labels + torch.randint(1, 10, labels.shape)) % 10

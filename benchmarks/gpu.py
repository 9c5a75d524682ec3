"""A step of a wide net on a GPU: the share of its time that bare products take, as written and compiled, and how many
times as fast it is as the usual script there. "not measured" without a GPU."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch

from benchmarks import product, reference
from benchmarks.harness import Row

WIDTH, DEPTH, BATCH, PIXELS = 2000, 4, 5000, 784
STEPS, TURNS = 20, 5
Act = Callable[[], object]


def rows() -> list[Row]:
    names = ("gpu-joint-2000", "gpu-joint-2000-compiled", "gpu-joint-2000/to-usual")
    measured = measure(torch.device("cuda")) if torch.cuda.is_available() else (None, None, None)
    return [
        Row(names[0], measured[0], 60, "% of products", "up"),
        Row(names[1], measured[1], None, "% of products", "up"),
        Row(names[2], measured[2], None, "×", "up"),
    ]


def measure(device: torch.device) -> tuple[float, float, float]:
    """(share of products in %, the same compiled, times as fast as the usual script), in bfloat16."""
    with tempfile.TemporaryDirectory() as folder:
        acts = [
            _bare(device),
            _ours(Path(folder) / "written", device, compiled=False),
            _ours(Path(folder) / "compiled", device, compiled=True),
            _usual(device),
        ]
        for act in acts:
            act()  # kernels are chosen and compiled
        turns = [[_seconds(act, device) for act in acts] for _ in range(TURNS)]
    bare, written, compiled, usual = (statistics.median(seconds) for seconds in zip(*turns, strict=True))
    return 100 * bare / written, 100 * bare / compiled, usual / written


def _seconds(act: Act, device: torch.device) -> float:
    """Wall time of `STEPS` steps, the device's work done."""
    _wait(device)
    began = time.perf_counter()
    for _ in range(STEPS):
        act()
    _wait(device)
    return time.perf_counter() - began


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _bare(device: torch.device) -> Act:
    """The products of a step: images once for both signs; of each layer forward and gradient."""
    shapes = [(BATCH, PIXELS, WIDTH)] + [(2 * BATCH, WIDTH, WIDTH)] * (DEPTH - 1)
    layers = [
        [torch.randn(shape, device=device, dtype=torch.bfloat16) for shape in ((n, inputs), (outputs, inputs))]
        for n, inputs, outputs in shapes
    ]

    def act() -> None:
        for x, weight in layers:
            h = x @ weight.T
            h.T @ x

    return act


def _ours(folder: Path, device: torch.device, *, compiled: bool) -> Act:
    """Steps of the product's loop."""
    changes = {
        "architecture.hidden": [WIDTH] * DEPTH, "precision.kind": "bfloat16", "schedule.kind": "joint",
        "schedule.epochs": 10_000, "schedule.batch_size": BATCH, "compile": compiled,
    }  # fmt: skip
    folder.mkdir()
    run = product.session(folder / "run", product.dataset(folder, BATCH, device=device), changes)
    steps = run.plan.after(0)
    return lambda: product.take(run, next(steps))


def _usual(device: torch.device) -> Act:
    """As the usual script is run on a GPU: its products under autocast."""
    layers = [reference.Layer(inputs, WIDTH).to(device) for inputs in [PIXELS] + [WIDTH] * (DEPTH - 1)]
    images, labels = torch.rand(BATCH, PIXELS, device=device), torch.randint(0, 10, (BATCH,), device=device)

    def act() -> None:
        wrong = (labels + torch.randint(1, 10, labels.shape, device=device)) % 10
        with torch.autocast(device.type, torch.bfloat16):
            reference.joint(layers, reference.overlay(images, labels), reference.overlay(images, wrong))

    return act

"""How fast and lean training and the label sweep are beside the usual script, as ratios; and beside bare products."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import torch

from benchmarks import harness, product, reference
from benchmarks.harness import Row
from benchmarks.turns import Act, costs, share_of_peak, times
from trainer import loop, products
from trainer.axes.precision import of_kind
from trainer.blocks.course import Visit
from trainer.evaluate import judge
from trainer.nets.flow import Flow
from trainer.nets.rows import Plain, Rows
from trainer.rivals import Piece
from trainer.update.reading import Task

MLP = {
    "init.kind": "torch_default", "label_code.strength": "max", "normalisation.input.kind": "unit_l2",
    "normalisation.handover.kind": "unit_l2", "objective.kind": "threshold", "objective.theta": 2.0,
    "objective.slope": 1.0, "architecture.hidden": [500, 500],
}  # fmt: skip
CONV = {
    "architecture.kind": "conv", "architecture.channels": "128, 128", "label_code.kind": "pattern",
    "init.kind": "torch_default", "objective.kind": "symba", "objective.alpha": 4.0,
    "normalisation.handover.kind": "batch", "schedule.kind": "joint",
}  # fmt: skip
KINDS = {"float32": "float32", "bf16": "bfloat16"}
HALF = ("avx512_bf16", "amx_bf16")
"""What a processor that is fast in bfloat16 says of itself."""


def rows() -> list[Row]:
    return [*_beside("full-batch", {"float32": 2.9, "bf16": 6.3}, peak=0.25),
            *_beside("sweep", {"float32": 3.7, "bf16": 8.0}, peak=0.1),
            *_beside("small-step", {"float32": 2.3, "bf16": 2.8}),
            *_beside("conv-block", {"float32": 1.1, "bf16": 3.5}, peak=0.5),
            *_joint({"float32": 80, "bf16": 60}),
            *_compiled(("small-step", "full-batch", "conv-block"))]  # fmt: skip


def _beside(work: str, bars: dict[str, float], peak: float | None = None) -> list[Row]:
    """Our time beside the usual script's in each precision, and our peak in float32."""
    found = []
    for precision, bar in bars.items():
        if not _measurable(precision):
            found.append(Row(f"{work}/{precision}", None, bar, "×", "up"))
            continue
        ours, usual, bare = costs("training", f"{work}/{precision}", f"{work}/usual", f"{work}/bare-{precision}")
        found.append(Row(f"{work}/{precision}", times(usual, ours), bar, "×", "up", floor=times(usual, bare)))
        if peak and precision == "float32":
            found.append(Row(f"{work}/peak", share_of_peak(usual, ours), peak, "of its peak"))
    return found


def _joint(bars: dict[str, float]) -> list[Row]:
    """The share of a step's time that its bare products take."""
    found = []
    for precision, bar in bars.items():
        measured = None
        if _measurable(precision):
            ours, bare = costs("training", f"joint-2000/{precision}", f"joint-2000/bare-{precision}")
            measured = 100 * times(bare, ours)
        found.append(Row(f"joint-2000/{precision}", measured, bar, "% of products", "up"))
    return found


def _compiled(works: tuple[str, ...]) -> list[Row]:
    """How many times as fast steps are that PyTorch has compiled (`compile`), without the time that compiling took."""
    found = []
    for name in (f"{work}/{precision}" for work in works for precision in KINDS if _measurable(precision)):
        compiled, written = costs("training", f"{name}-compiled", name, product=2)
        found.append(Row(f"{name}-compiled", times(written, compiled), None, "× as written", "up"))
    return found


def _measurable(precision: str) -> bool:
    return precision == "float32" or any(flag in harness.cpu_flags() for flag in HALF)


# ── the works: what one turn does ─────────────────────────────────────────────────────────────────────────────────


def _steps(folder: Path, *, precision: str, changes: dict[str, Any], images: int, count: int) -> Act:
    """`count` steps of the product's loop at a time."""
    more = {"schedule.kind": "joint", "schedule.epochs": 10_000, "precision.kind": KINDS[precision]}
    run = product.session(folder / "run", product.dataset(folder, images), more | changes)
    steps = run.plan.after(0)

    def act() -> None:
        for step in islice(steps, count):
            product.take(run, step)

    return act


def _full_batch(precision: str, folder: Path, *, compiled: bool = False) -> Act:
    """One epoch of each layer, all 50,000 images at once; the second layer's sees what the first has learnt."""
    data = product.dataset(folder, 50_000)
    kind = {"precision.kind": KINDS[precision], "compile": compiled}
    greedy = {"schedule.kind": "greedy", "schedule.epochs": 1, "schedule.batch_size": None, "optimiser.lr": 0.03}

    def act() -> None:
        run = product.session(folder / "run", data, MLP | greedy | kind)
        for step in run.plan.after(0):
            product.take(run, step)

    return act


def _full_batch_usual(folder: Path) -> Act:
    x, y = _images(folder, 50_000)

    def act() -> None:
        reference.joint(_layers(), reference.overlay(x, y), reference.overlay(x, _wrong(y)))

    return act


def _sweep(precision: str, folder: Path) -> Act:
    """The labels of 10,000 images."""
    data = product.dataset(folder, 10_000)
    run = product.session(folder / "run", data, MLP)
    images, numbers = (data.x_train, data.y_train), of_kind(KINDS[precision])
    return lambda: judge(run.net, run.config.readout, None, images, trained=2, precision=numbers)


def _sweep_usual(folder: Path) -> Act:
    x, _ = _images(folder, 10_000)
    return partial(reference.sweep, _layers(), x)


def _small_step_usual(folder: Path) -> Act:
    x, y = _images(folder, 128 * 40)
    layers = _layers()

    def act() -> None:
        for xs, ys in zip(torch.split(x, 128), torch.split(y, 128), strict=True):
            reference.joint(layers, reference.overlay(xs, ys), reference.overlay(xs, _wrong(ys)))

    return act


class _Given(Flow):
    """Rows that a layer below has handed over."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def inlet(self, visit: Visit) -> Rows:
        return self._rows

    def take(self, visit: Visit, h: torch.Tensor) -> None:
        raise AssertionError("the last layer hands nothing on")


def _conv_block(precision: str, folder: Path, *, compiled: bool = False) -> Act:
    """Four turns of the last of two conv layers, its input given as to the usual script."""
    data = product.dataset(folder, 128, (16, 16, 3))
    run = product.session(folder / "run", data, CONV | {"precision.kind": KINDS[precision], "compile": compiled})
    step = run.plan.step(1)
    loop.open_phase(run, step)
    maps = torch.randn(256, 128, 16, 16).contiguous(memory_format=torch.channels_last)
    task = Task(run.net.layers[1].rules.competitors, data.y_train, 128)
    piece = Piece(_Given(Plain(maps)), task, 0, last=True)

    def act() -> None:
        for _ in range(4):
            loop.take_turn(run, step, Visit(1), [piece], learns=True, onward=False)

    return act


def _conv_block_usual(folder: Path) -> Act:
    block, positive, negative = reference.Block(128), *torch.randn(2, 128, 128, 16, 16)

    def act() -> None:
        for _ in range(4):
            block.learn(positive, negative)

    return act


# Products that cannot be left out: (how often, rows, inputs, outputs). Images' own once for both signs or all labels.
FORWARD = {
    "full-batch": [(100, 1000, 774, 500), (50, 2000, 500, 500)],  # the first layer's again, once it has learnt
    "sweep": [(10, 1000, 774, 500), (100, 1000, 500, 500)],
    "small-step": [(40, 128, 774, 500), (40, 256, 500, 500)],
    "joint-2000": [(5, 1000, 774, 2000), (30, 1000, 2000, 2000)],
}
GRADIENTS = {
    "full-batch": [(50, 1000, 774, 500), (50, 2000, 500, 500)],
    "sweep": [],
    "small-step": FORWARD["small-step"],
    "joint-2000": FORWARD["joint-2000"],
}


def _bare(work: str, dtype: torch.dtype, folder: Path) -> Act:
    """The products of the work, and nothing else."""
    acts: list[tuple[int, Act]] = []
    for count, rows, inputs, outputs in FORWARD[work]:
        x, weight = torch.randn(rows, inputs, dtype=dtype), torch.randn(outputs, inputs, dtype=dtype)
        acts.append((count, partial(products.affine, x, weight, torch.zeros(outputs, dtype=dtype))))
    for count, rows, inputs, outputs in GRADIENTS[work]:
        x, delta = torch.randn(inputs, rows, dtype=dtype), torch.randn(outputs, rows, dtype=dtype)
        acts.append((count, partial(products.affine, delta, x, torch.zeros(inputs, dtype=dtype))))

    def act() -> None:
        for count, once in acts:
            for _ in range(count):
                once()

    return act


def _bare_conv(dtype: torch.dtype, folder: Path) -> Act:
    """A convolution of both signs and the gradient of its weights, four times."""
    x, delta, weight = (
        torch.randn(*shape).to(dtype=dtype, memory_format=torch.channels_last)
        for shape in ((256, 128, 16, 16), (256, 128, 16, 16), (128, 128, 3, 3))
    )
    once: list[Act] = [
        partial(torch.nn.functional.conv2d, x, weight, None, 1, 1),
        partial(
            torch.ops.aten.convolution_backward, delta, x, weight, None, [1, 1], [1, 1], [1, 1], False, [0, 0], 1,
            [False, True, False],
        ),
    ]  # fmt: skip

    def act() -> None:
        for _ in range(4):
            for part in once:
                part()

    return act


def _images(folder: Path, count: int) -> tuple[torch.Tensor, torch.Tensor]:
    data = product.dataset(folder, count)
    return data.x_train.flatten(1), data.y_train


def _layers() -> list[reference.Layer]:
    return [reference.Layer(784, 500), reference.Layer(500, 500)]


def _wrong(labels: torch.Tensor) -> torch.Tensor:
    """Wrong labels, each as likely as the others."""
    return (labels + torch.randint(1, 10, labels.shape)) % 10


SMALL = MLP | {"schedule.batch_size": 128}
WIDE = MLP | {"schedule.batch_size": 5000, "architecture.hidden": [2000] * 4}
WORKS: dict[str, Callable[[Path], Act]] = {
    "full-batch/usual": _full_batch_usual,
    "sweep/usual": _sweep_usual,
    "small-step/usual": _small_step_usual,
    "conv-block/usual": _conv_block_usual,
}
for _kind, _dtype in {"float32": torch.float32, "bf16": torch.bfloat16}.items():
    WORKS |= {f"{_work}/bare-{_kind}": partial(_bare, _work, _dtype) for _work in FORWARD}
    WORKS |= {
        f"conv-block/bare-{_kind}": partial(_bare_conv, _dtype),
        f"sweep/{_kind}": partial(_sweep, _kind),
        f"full-batch/{_kind}": partial(_full_batch, _kind),
        f"small-step/{_kind}": partial(_steps, precision=_kind, changes=SMALL, images=128 * 40, count=40),
        f"joint-2000/{_kind}": partial(_steps, precision=_kind, changes=WIDE, images=5000, count=1),
        f"conv-block/{_kind}": partial(_conv_block, _kind),
        f"full-batch/{_kind}-compiled": partial(_full_batch, _kind, compiled=True),
        f"small-step/{_kind}-compiled": partial(
            _steps, precision=_kind, changes=SMALL | {"compile": True}, images=128 * 40, count=40
        ),
        f"conv-block/{_kind}-compiled": partial(_conv_block, _kind, compiled=True),
    }

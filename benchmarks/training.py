"""Speed of training and of the label sweep as shares of the floor (floor.py), beside the usual script; and peaks."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import torch

from benchmarks import floor, harness, product, reference
from benchmarks.harness import Row
from benchmarks.turns import Act, Cost, costs, median, share_of_peak, times
from trainer import loop
from trainer.axes.precision import of_kind
from trainer.blocks.course import Visit
from trainer.evaluate import judge
from trainer.nets.flow import Flow
from trainer.nets.rows import Plain, Rows
from trainer.sampler import Piece
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
FASTEST = 3.0
"""How many times as fast as its float32 products a processor's bfloat16 ones may be for our bars to mean something. The
rest is done in float32, so it weighs the more the faster they are; the bars were set where that is 2."""
UNIT = "% of the floor"


def rows() -> list[Row]:
    return [*_shares("full-batch", {"float32": 65, "bf16": 50}, peak=0.25),
            *_shares("sweep", {"float32": 65, "bf16": 55}, peak=0.1),
            *_shares("small-step", {"float32": 45, "bf16": 25}),
            *_shares("conv-block", {"float32": 80, "bf16": 65}, peak=0.5),
            *_shares("joint-2000", {"float32": 80, "bf16": 60}),
            *_compiled(("small-step", "full-batch", "conv-block"))]  # fmt: skip


def _shares(work: str, bars: dict[str, float], peak: float | None = None) -> list[Row]:
    """Of our time in each precision the share that its floor takes, and how many times as fast as the usual script that
    is; our peak in float32 as a share of the script's. All in turns of one run."""
    kinds = [kind for kind in bars if _measurable(kind)]
    works = [*(f"{work}/{kind}" for kind in kinds), *(f"{work}/bare-{kind}" for kind in kinds)]
    *found, usual = costs("training", *works, f"{work}/usual", product=len(works))
    turns = dict(zip(works, found, strict=True))
    lines = [_share(f"{work}/{kind}", bar, turns, usual, turns[f"{work}/bare-float32"]) for kind, bar in bars.items()]
    if peak:
        lines.append(Row(f"{work}/peak", share_of_peak(usual, turns[f"{work}/float32"]), peak, "of the script's"))
    return lines


def _share(name: str, bar: float, turns: dict[str, list[Cost]], usual: list[Cost], plain: list[Cost]) -> Row:
    """`plain`: the floor in float32, against which that of `name` shows whether the bar means something here."""
    if name not in turns:
        return Row(name, None, bar, UNIT, "up", note="this processor has no instructions for it")
    ours, bare = turns[name], turns[name.replace("/", "/bare-")]
    faster = times(plain, bare)
    note = bare[0].said
    if faster > FASTEST:
        note = f"products {faster:.1f} times as fast as in float32, by {note}: the bar was set where they are 2"
    return Row(name, 100 * times(bare, ours), bar, UNIT, "up", floor=median(bare), beside=times(usual, ours),
               judged=faster <= FASTEST, note=note)  # fmt: skip


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


def _joint_usual(folder: Path) -> Act:
    x, y = _images(folder, 5000)
    layers = [reference.Layer(inputs, 2000) for inputs in (784, 2000, 2000, 2000)]
    return lambda: reference.joint(layers, reference.overlay(x, y), reference.overlay(x, _wrong(y)))


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


def _floor(work: str, dtype: torch.dtype, folder: Path) -> Act:
    return floor.products(work, dtype)


def _floor_of_conv(dtype: torch.dtype, folder: Path) -> Act:
    return floor.convolutions(dtype)


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
    "joint-2000/usual": _joint_usual,
}
for _kind, _dtype in {"float32": torch.float32, "bf16": torch.bfloat16}.items():
    WORKS |= {f"{_work}/bare-{_kind}": partial(_floor, _work, _dtype) for _work in floor.FORWARD}
    WORKS |= {
        f"conv-block/bare-{_kind}": partial(_floor_of_conv, _dtype),
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

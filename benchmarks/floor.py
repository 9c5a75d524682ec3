"""The floor of a work: the products that it cannot leave out, each by the fastest library of this processor.

A library is chosen for each product by CPU time, before anything is measured; so the floor is no property of what the
trainer happens to take. `act()` does all products of a work once, and says who computed them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial

import torch

from trainer import onednn

Act = Callable[[], object]
Ways = dict[str, Act]
"""By library."""

TRIES = 5
MKL, ONEDNN, OWN = "MKL", "oneDNN", "PyTorch"

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


def products(work: str, dtype: torch.dtype) -> Act:
    """Those of a net of dense layers."""
    forward = [(count, _forward(shape, dtype)) for count, *shape in FORWARD[work]]
    gradients = [(count, _gradient(shape, dtype)) for count, *shape in GRADIENTS[work]]
    return _all([*forward, *gradients])


def convolutions(dtype: torch.dtype) -> Act:
    """Four times a convolution of both signs, 128 channels of 16 × 16, and the gradient of its weights."""
    shapes = (256, 128, 16, 16), (256, 128, 16, 16), (128, 128, 3, 3)
    ways: list[Ways] = [{}, {}]
    for name, form in {"": torch.contiguous_format, ", channels last": torch.channels_last}.items():
        x, delta, weight = (torch.randn(*shape).to(dtype=dtype, memory_format=form) for shape in shapes)
        ways[0][ONEDNN + name] = partial(torch.nn.functional.conv2d, x, weight, None, 1, 1)
        ways[1][ONEDNN + name] = partial(
            torch.ops.aten.convolution_backward, delta, x, weight, None, [1, 1], [1, 1], [1, 1], False, [0, 0], 1,
            [False, True, False],
        )  # fmt: skip
    return _all([(4, way) for way in ways])


def _forward(shape: Sequence[int], dtype: torch.dtype) -> Ways:
    """x Wᵀ + b, all in rows."""
    rows, inputs, outputs = shape
    x, weight, bias = (torch.randn(shape).to(dtype) for shape in ((rows, inputs), (outputs, inputs), (outputs,)))
    ways: Ways = {_own(dtype): partial(torch.addmm, bias, x, weight.T)}
    if onednn.THERE:
        ways[ONEDNN] = partial(onednn.affine, x, weight, bias)
    return ways


def _gradient(shape: Sequence[int], dtype: torch.dtype) -> Ways:
    """deltaᵀ x, with whatever of the two turned that the library likes: turning it is no part of the product."""
    rows, inputs, outputs = shape
    x, delta = torch.randn(rows, inputs).to(dtype), torch.randn(rows, outputs).to(dtype)
    x_turned, delta_turned = x.T.contiguous(), delta.T.contiguous()
    ways: Ways = {
        f"{_own(dtype)}, as it lies": partial(torch.mm, delta.T, x),
        f"{_own(dtype)}, delta turned": partial(torch.mm, delta_turned, x),
        f"{_own(dtype)}, both turned": partial(torch.mm, delta_turned, x_turned.T),
    }
    if onednn.THERE:
        ways[f"{ONEDNN}, delta turned"] = partial(onednn.affine, delta_turned, x.T, None)
        ways[f"{ONEDNN}, both turned"] = partial(onednn.affine, delta_turned, x_turned, None)
    return ways


def _own(dtype: torch.dtype) -> str:
    """Whom PyTorch hands a product to."""
    return MKL if dtype == torch.float32 and torch.backends.mkl.is_available() else OWN  # type: ignore[no-untyped-call]


def _all(products: list[tuple[int, Ways]]) -> Act:
    """Each of the products so often, by its fastest way."""
    chosen = [(count, *_fastest(ways)) for count, ways in products]
    libraries = " and ".join(sorted({name.partition(",")[0] for _, name, _ in chosen}))

    def act() -> str:
        for count, _, once in chosen:
            for _ in range(count):
                once()
        return libraries

    return act


def _fastest(ways: Ways) -> tuple[str, Act]:
    """The way of least CPU time, each at its best of some tries in turns."""
    best = dict.fromkeys(ways, float("inf"))
    for turn in range(TRIES + 1):
        for name, once in ways.items():
            began = time.process_time()
            once()
            if turn:  # kernels are made in the first
                best[name] = min(best[name], time.process_time() - began)
    name = min(best, key=lambda way: best[way])
    return name, ways[name]

"""A convolution on maps, its activation, and pooling. Imports no torch at module level."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod
from typing import TYPE_CHECKING, Any, Literal

from trainer.blocks import pooling
from trainer.blocks.base import Linear, Shape
from trainer.blocks.chain import Link, Pool

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torch import Generator, Tensor

    from trainer.blocks.base import Pull, Weights

PORTION = 1 << 19
"""About so many numbers of a delta are alive at once: 2 MB lie on the heap (allocator.py); the product is no slower."""

Join = Literal["none", "add", "concat"]


@dataclass(frozen=True)
class Conv(Linear):
    """h = pool(act(W ∗ x + b)) for maps (C, H, W), padded so that a stride of 1 keeps their size."""

    kernel: int
    stride: int = 1
    groups: int = 1
    pool: Pool = "none"
    window: int = 2
    bias: bool = True
    join: Join = "none"
    """How the shortcut that ends here meets what enters."""
    shortcut: int = 0
    """Channels of that shortcut."""
    opens: bool = False
    """Whether a shortcut begins with what enters here."""
    classes: int = 1
    """Groups of channels that a concatenated shortcut keeps together."""

    @property
    def inner(self) -> Shape:
        """Of the maps before pooling."""
        return (self.outputs[0], *(-(-places // self.stride) for places in self.inputs[1:]))

    @property
    def widest(self) -> int:
        return prod(self.inner)

    def parts(self) -> dict[str, Shape]:
        weight = (self.outputs[0], self.inputs[0] // self.groups, self.kernel, self.kernel)
        return {"weight": weight} | ({"bias": self.outputs[:1]} if self.bias else {})

    def draw(self, init: Any, rng: Generator) -> Weights:
        shape = self.parts()["weight"]
        drawn: Weights = init.draw(shape, prod(shape[1:]), rng)
        return drawn if self.bias else {"weight": drawn["weight"]}

    def products(self) -> int:
        return prod(self.parts()["weight"]) * prod(self.inner[1:])

    def forward(self, w: Weights, x: Tensor, activation: Any, precision: Any) -> tuple[Tensor, Tensor]:
        z = self._convolved(w, x, precision)
        return precision.lift(z), precision.lift(pooling.pooled(activation.apply(z), self.pool, self.window))

    def product(self, w: Weights, rows: Any, precision: Any) -> Tensor:
        return self._convolved(w, rows.x, precision)

    def ready(self, rows: Any, precision: Any) -> Any:
        return rows.written(_maps(precision.cast(rows.dense())))

    @property
    def pools(self) -> bool:
        return self.pool != "none"

    def settle(self, a: Tensor, precision: Any) -> tuple[Tensor, Pull]:
        small, back = pooling.opened(a, self.pool, self.window)
        return precision.lift(small), lambda slope: back(slope.to(a.dtype))

    def portions(self, rows: Any) -> Iterator[tuple[slice, Any]]:
        count = len(rows) if self.pools else max(1, PORTION // prod(self.outputs))
        for first in range(0, len(rows), count):
            where = slice(first, first + count)
            yield where, rows.written(rows.x[where])

    def accumulate(self, grads: Weights, rows: Any, delta: Tensor, precision: Any) -> None:
        import torch

        x, delta = rows.x, precision.cast(delta)
        weight = delta.new_empty(1).expand(self.parts()["weight"])  # its shape is all that is asked for
        side, pad = [self.stride, self.stride], [self.kernel // 2, self.kernel // 2]
        _, dw, db = torch.ops.aten.convolution_backward(
            delta, x, weight, list(self.outputs[:1]), side, pad, [1, 1], False, [0, 0], self.groups,
            [False, True, self.bias],
        )  # fmt: skip
        grads["weight"].add_(dw)
        if self.bias:
            grads["bias"].add_(db)

    def problem(self) -> str | None:
        """What keeps it from its maps, as a sentence."""
        if min(self.outputs[1:]) < 1:
            return f"maps of {self.inputs[1]} × {self.inputs[2]} places are too small to pool: leave a pool out"
        if self.inputs[0] % self.groups or self.outputs[0] % self.groups:
            return (
                f"{self.groups} classes do not divide its {self.inputs[0]} → {self.outputs[0]} channels, "
                "so it has no group a class: leave g out, or take a multiple of the classes"
            )
        return self._misjoin()

    def _misjoin(self) -> str | None:
        """What keeps the shortcut that ends here from what enters."""
        own = self.inputs[0] - (self.shortcut if self.join == "concat" else 0)
        if self.join == "add" and self.shortcut != own:
            return f"a shortcut of {self.shortcut} channels cannot be added to {own}: take equal ones, or no shortcuts"
        if self.join == "concat" and self.inputs[0] != self.outputs[0]:
            return f"{own} channels meet a shortcut of {self.shortcut}: take {own} to add, {self.inputs[0]} for both"
        if self.join == "concat" and (own % self.classes or self.shortcut % self.classes):
            return f"{self.classes} classes do not divide {own} channels and a shortcut of {self.shortcut}"
        return None

    def joined(self, x: Tensor, shortcut: Tensor | None) -> Tensor:
        import torch
        import torch.nn.functional as F

        if self.join == "none" or shortcut is None:
            return x
        if shortcut.shape[2:] != x.shape[2:]:
            shortcut = F.adaptive_avg_pool2d(shortcut, (x.shape[2], x.shape[3]))
        if self.join == "add":
            return x + shortcut
        mine, kept = (t.reshape(len(t), self.classes, -1, *t.shape[2:]) for t in (x, shortcut))
        return torch.cat([mine, kept], 2).flatten(1, 2)

    def _convolved(self, w: Weights, x: Tensor, precision: Any) -> Tensor:
        """W ∗ x + b in the precision's own numbers, channels last in memory."""
        import torch.nn.functional as F

        bias = precision.cast(w["bias"]) if self.bias else None
        weight = _maps(precision.cast(w["weight"]))
        return F.conv2d(_maps(precision.cast(x)), weight, bias, self.stride, self.kernel // 2, groups=self.groups)


def chained(
    links: Sequence[Link], inputs: Shape, classes: int, kernel: int, *, bias: bool, shortcuts: bool
) -> list[Conv]:
    """The layers of `links`, from maps of shape `inputs` up; with `shortcuts` in twos after the first."""
    found: list[Conv] = []
    kept = 0  # channels of the shortcut under way
    for number, link in enumerate(links):
        ends = shortcuts and number > 1 and number % 2 == 1
        join: Join = "none" if not ends else "add" if link.channels == inputs[0] else "concat"
        if join == "concat":
            inputs = (inputs[0] + kept, *inputs[1:])
        conv = _conv(link, inputs, classes, kernel, bias)
        opens = shortcuts and number % 2 == 1
        found.append(replace(conv, join=join, shortcut=kept if ends else 0, opens=opens))
        kept = inputs[0] if opens else kept
        inputs = conv.outputs
    return found


def _conv(link: Link, inputs: Shape, classes: int, kernel: int, bias: bool) -> Conv:
    places = (pooling.size(-(-n // link.stride), link.pool, link.window) for n in inputs[1:])
    return Conv(
        inputs,
        (link.channels, *places),
        kernel=link.kernel or kernel,
        stride=link.stride,
        groups=classes if link.grouped else 1,
        pool=link.pool,
        window=link.window,
        bias=bias,
        classes=classes,
    )


def _maps(x: Tensor) -> Tensor:
    """Channels last in memory: faster on every device here."""
    import torch

    return x.contiguous(memory_format=torch.channels_last)

"""What every kind of layer has in common. Imports no torch at module level.

A block is stateless: it knows shapes and arithmetic in plain integers, and how weights that a layer owns turn what
enters into an activity. Architectures are lists of blocks; nothing else in the trainer knows what kind a layer is.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torch import Generator, Tensor

    Weights = dict[str, Tensor]
    Pull = Callable[[Tensor], Tensor]
    """dL/d(what enters) from dL/d(what leaves)."""

Shape = tuple[int, ...]
"""Of one row without the batch: (D,) units, (C, H, W) maps, (T, E) tokens."""


@dataclass(frozen=True)
class Block(ABC):
    """A layer's map from one row of shape `inputs` to its activity of shape `outputs`."""

    inputs: Shape
    outputs: Shape

    unit_axis: ClassVar[int] = 1
    """Axis of an activity (R, …) along which its units or channels lie."""

    @property
    def units(self) -> int:
        """Units or channels, of which each can be dead."""
        return self.outputs[self.unit_axis - 1]

    @abstractmethod
    def parts(self) -> dict[str, Shape]:
        """Shapes of the weights by name; those of one axis are biases."""

    @abstractmethod
    def draw(self, init: Any, rng: Generator) -> Weights:
        """Weights at the start, by the value `init` of the axis of that name, on the generator's device."""

    @abstractmethod
    def products(self) -> int:
        """Multiplications of one row's forward pass."""

    def work(self, rows: int, turns: tuple[int, int]) -> int:
        """Multiplications of a pass of one image in `rows` rows, with so many turns that see (below, above)."""
        return self.products() * rows * turns[0]

    def back_work(self, rows: int, turns: tuple[int, int]) -> int:
        """Multiplications of the gradient of its weights, likewise."""
        return self.work(rows, turns)

    @abstractmethod
    def forward(self, w: Weights, x: Tensor, activation: Any, precision: Any) -> tuple[Tensor, Tensor]:
        """(z, h) of rows x (R, *inputs): what enters the activation, and the activity (R, *outputs)."""

    def constrain(self, grads: Weights) -> None:  # noqa: B027 - most blocks let everything move
        """Take out of the gradient, in place, what must not move."""

    @property
    def opens(self) -> bool:
        """Whether a shortcut begins with what enters here."""
        return False

    def joined(self, x: Tensor, shortcut: Tensor | None) -> Tensor:
        """What enters, (R, *inputs): what the layer below handed over, normalised, and a shortcut that ends here."""
        return x

    @property
    def stored(self) -> int:
        """How many numbers its weights take in memory."""
        return sum(prod(shape) for shape in self.parts().values())

    @property
    def numbers(self) -> int:
        """How many weights learn."""
        return self.stored

    @property
    def widest(self) -> int:
        """Numbers of one row's activity where it is widest: before pooling."""
        return prod(self.outputs)

    @property
    def name(self) -> str:
        """As tables and charts show it: 784 → 500."""
        return f"{'×'.join(map(str, self.inputs))} → {'×'.join(map(str, self.outputs))}"


class Linear(Block):
    """A block whose h = settle(act(z)) with z linear in its weights, so that a gradient needs no autograd."""

    def ready(self, rows: Any, precision: Any) -> Any:
        """`rows` (nets/rows.py) as `product` and `accumulate` take them: in the precision's numbers."""
        return rows.cast(precision)

    @abstractmethod
    def product(self, w: Weights, rows: Any, precision: Any) -> Tensor:
        """z of rows that are ready: (R, *outputs), or wider where the block pools."""

    @property
    def pools(self) -> bool:
        """Whether `settle` does more than change the numbers' form."""
        return False

    def settle(self, a: Tensor, precision: Any) -> tuple[Tensor, Pull]:
        """h (R, *outputs) from a = act(z), pooled where the block pools; and the way back to dL/da."""
        return a, lambda slope: slope

    def portions(self, rows: Any) -> Iterator[tuple[slice, Any]]:
        """The rows, ready, in the parts that `accumulate` takes one after another: deltas of one are alive at a time.

        Only where `settle` leaves rows apart.
        """
        yield slice(None), rows

    @abstractmethod
    def accumulate(self, grads: Weights, rows: Any, delta: Tensor, precision: Any) -> None:
        """Add dL/dw to `grads` from rows that are ready and delta = dL/dz."""

"""How far a layer's loss reaches. Imports no torch.

Layers are counted from 0; `span` is the stretch of neighbouring layers that share a scope.
"""

from __future__ import annotations

import math
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from trainer.axes.base import RARE, Value


class Layer(Value, title="Layer"):
    """Each layer learns from its own loss alone; nothing flows between layers."""

    local: ClassVar[bool] = True
    kind: Literal["layer"] = "layer"

    def reach(self, layer: int, span: range) -> int | None:
        """The lowest layer that the loss of `layer` moves; None where it has no loss."""
        return layer

    def joined(self, span: range) -> list[range]:
        """The layers that take their turn together when layers learn one after another."""
        return [range(layer, layer + 1) for layer in span]


class Pair(Value, title="Overlapping pairs"):
    """A layer's loss also moves the layer below it: every layer but the last learns from two losses.

    What a lower layer's own goodness says may then mean little: it learns for the layer above.
    """

    cites: ClassVar[str] = "the Trifecta (Dooms, Tsang, Oramas 2023); Distance-Forward's DF-O (Wu et al. 2024)"
    local: ClassVar[bool] = False
    kind: Literal["pair"] = "pair"

    def reach(self, layer: int, span: range) -> int | None:
        return max(layer - 1, span.start)

    def joined(self, span: range) -> list[range]:
        return [span]


class Blocks(Value, title="Blocks"):
    """The net is cut into blocks of layers; the gradient flows inside a block, from the loss on its last layer."""

    cites: ClassVar[str] = "Belilovsky et al. 2019; scalable FF (backprop inside a block, FF between blocks)"
    local: ClassVar[bool] = False
    kind: Literal["block"] = "block"
    size: int = Field(2, ge=2, le=64, title="Layers a block")
    """How many neighbouring layers make a block; the last block may be smaller."""

    def reach(self, layer: int, span: range) -> int | None:
        first = layer - (layer - span.start) % self.size
        return first if layer in (first + self.size - 1, span.stop - 1) else None

    def joined(self, span: range) -> list[range]:
        return [span[first : first + self.size] for first in range(0, len(span), self.size)]


class Whole(Value, title="Whole net"):
    """Backprop: the gradient flows through the whole net, or through the whole span of layers that have this scope."""

    cites: ClassVar[str] = "Rumelhart, Hinton, Williams 1986; all: deep supervision (Lee et al. 2015)"
    local: ClassVar[bool] = False
    kind: Literal["whole"] = "whole"
    losses: Literal["last", "all"] = Field("last", title="Losses")
    """last: one loss, on the last layer. all: one on each layer, added."""
    recompute: bool = Field(False, title="Recompute", json_schema_extra=RARE)
    """Keep only what enters every √n-th of n layers, and compute those from there on again when the gradient comes: a
    third more arithmetic for less memory (gradient checkpointing; Chen et al. 2016)."""

    def reach(self, layer: int, span: range) -> int | None:
        return span.start if self.losses == "all" or layer == span.stop - 1 else None

    def joined(self, span: range) -> list[range]:
        return [span]


def runs(layers: int) -> list[range]:
    """`layers` in runs of about √layers, each computed again at once on the way back."""
    size = math.isqrt(layers - 1) + 1
    return [range(first, min(first + size, layers)) for first in range(0, layers, size)]


AnyScope = Annotated[Layer | Pair | Blocks | Whole, Field(discriminator="kind")]

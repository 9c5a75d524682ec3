"""How far a layer's loss reaches. Imports no torch."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from trainer.axes.base import Value


class Layer(Value, title="Layer"):
    """Each layer learns from its own loss alone; nothing flows between layers."""

    local: ClassVar[bool] = True
    kind: Literal["layer"] = "layer"

    def has_loss(self, layer: int, layers: int) -> bool:
        """Whether layer number `layer` (from 0) of `layers` has a loss of its own."""
        return True


class Whole(Value, title="Whole net"):
    """Backprop: the gradient flows through the whole net.

    Source: Rumelhart, Hinton, Williams 1986; all: deep supervision (Lee et al. 2015).
    """

    local: ClassVar[bool] = False
    kind: Literal["whole"] = "whole"
    losses: Literal["last", "all"] = Field("last", title="Losses")
    """last: one loss, on the last layer. all: one on each layer, added."""

    def has_loss(self, layer: int, layers: int) -> bool:
        return self.losses == "all" or layer == layers - 1


AnyScope = Annotated[Layer | Whole, Field(discriminator="kind")]

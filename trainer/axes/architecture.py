"""The net's shape. Imports no torch."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field

from trainer.axes.base import Value

Width = Annotated[int, Field(ge=1, le=65_536)]


class Mlp(Value, title="Multilayer perceptron"):
    """Fully connected layers, one after another; images are read as rows of pixels.

    Source: Hinton 2022 uses four layers of 2000, Pezeshki's well-known code two of 500.
    """

    kind: Literal["mlp"] = "mlp"
    hidden: tuple[Width, ...] = Field(
        (500, 500), min_length=1, max_length=64, title="Layers", json_schema_extra={"unit": "units"}
    )
    """Units of each hidden layer, from the pixels up. Every layer has a goodness of its own."""

    def sizes(self, inputs: int) -> list[tuple[int, int]]:
        """(inputs, outputs) of each layer for rows of `inputs` numbers."""
        widths = [inputs, *self.hidden]
        return list(pairwise(widths))

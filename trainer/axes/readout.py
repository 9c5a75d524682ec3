"""How the net's answer is read. Imports no torch."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from trainer.axes.base import Value


class Candidates(Value, title="Label sweep"):
    """Every label is tried in the input; the answer is the label with the highest goodness, added over layers.

    Source: Hinton 2022 leaves the first layer out; mohammadpz/pytorch_forward_forward adds all.
    """

    needs: ClassVar[str] = "reading"
    kind: Literal["candidates"] = "candidates"
    layers: Literal["all", "skip_first", "last"] = Field("all", title="Layers")
    """Whose goodness counts. With two layers all is best; skip_first is Hinton's choice for deeper nets."""

    def reads(self, layers: int) -> list[int]:
        """The layers (from 0) whose scores count."""
        return {"all": list(range(layers)), "skip_first": list(range(1, layers)), "last": [layers - 1]}[self.layers]


class Sum(Value, title="Sum"):
    """The class scores of all layers, added.

    Source: Mono-Forward (Gong, Li, Abdulla 2025).
    """

    needs: ClassVar[str] = "classes"
    kind: Literal["sum"] = "sum"

    def reads(self, layers: int) -> list[int]:
        return list(range(layers))


class Last(Value, title="Last layer"):
    """The class scores of the last layer."""

    needs: ClassVar[str] = "classes"
    kind: Literal["last"] = "last"

    def reads(self, layers: int) -> list[int]:
        return [layers - 1]


AnyReadout = Annotated[Candidates | Sum | Last, Field(discriminator="kind")]

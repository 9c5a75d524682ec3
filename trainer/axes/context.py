"""Which layers' readings a layer's row is made of. Imports no torch.

A layer judges its own goodness plus that of other layers for the same pass, as they were when the step began; nothing
flows back to them. Source: layer collaboration (Lorberbom, Gat, Adi, Schwing, Hazan 2024).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Annotated, Literal

from pydantic import Field

from trainer.axes.base import Value


class Context(Value, ABC):
    """Whose readings count besides the layer's own."""

    @abstractmethod
    def others(self, layer: int, layers: int) -> list[int]:
        """The layers (from 0), of the first `layers`, whose readings are added to those of `layer`."""


class Own(Context, title="Own layer"):
    """A layer's loss reads that layer's goodness alone."""

    kind: Literal["own"] = "own"

    def others(self, layer: int, layers: int) -> list[int]:
        return []


class Below(Context, title="And the layers below"):
    """The goodness of the layers below is added: a layer need not say again what was said before it.

    θ is then about that of all layers together.
    """

    kind: Literal["below"] = "below"

    def others(self, layer: int, layers: int) -> list[int]:
        return list(range(layer))


class Others(Context, title="And all other layers"):
    """The goodness of all other layers is added, those above too: a pass of the whole net comes before each step.

    θ is then about that of all layers together.
    """

    kind: Literal["others"] = "others"

    def others(self, layer: int, layers: int) -> list[int]:
        return [other for other in range(layers) if other != layer]


class Later(Context, title="And the layers above"):
    """The goodness of the layers above is added: a pass of the whole net comes before each step.

    θ is then about that of all layers together.
    """

    kind: Literal["later"] = "later"

    def others(self, layer: int, layers: int) -> list[int]:
        return list(range(layer + 1, layers))


AnyContext = Annotated[Own | Below | Others | Later, Field(discriminator="kind")]

"""How the net's answer is read. Imports no torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from trainer.axes.base import RARE, Value

if TYPE_CHECKING:
    from torch import Tensor

Which = Literal["all", "skip_first", "last"]


def _chosen(which: Which, layers: int) -> list[int]:
    """The layers (from 0) that count."""
    return {"all": list(range(layers)), "skip_first": list(range(1, layers)), "last": [layers - 1]}[which]


class Candidates(Value, title="Label sweep"):
    """Every label is tried in the input; the answer is the label with the highest goodness, added over layers.

    Source: Hinton 2022 leaves the first layer out; mohammadpz/pytorch_forward_forward adds all.
    """

    needs: ClassVar[str] = "reading"
    learns: ClassVar[bool] = False
    kind: Literal["candidates"] = "candidates"
    layers: Which = Field("all", title="Layers")
    """Whose goodness counts. With two layers all is best; skip_first is Hinton's choice for deeper nets."""

    def reads(self, layers: int) -> list[int]:
        """The layers (from 0) whose scores count."""
        return _chosen(self.layers, layers)


class Sum(Value, title="Sum"):
    """The class scores of all layers, added.

    Source: Mono-Forward (Gong, Li, Abdulla 2025).
    """

    needs: ClassVar[str] = "classes"
    learns: ClassVar[bool] = False
    kind: Literal["sum"] = "sum"

    def reads(self, layers: int) -> list[int]:
        return list(range(layers))


class Range(Value, title="Range"):
    """The class scores of neighbouring layers, added: those that together do best on the validation images.

    Chosen anew at each evaluation, among all stretches of layers; of equally good ones the longest. Source:
    DeeperForward (Sun et al. 2025).
    """

    needs: ClassVar[str] = "classes"
    learns: ClassVar[bool] = False
    kind: Literal["range"] = "range"

    def reads(self, layers: int) -> list[int]:
        return list(range(layers))

    def choose(self, scores: Mapping[int, Tensor], y: Tensor) -> list[int]:
        """The layers to read, from the scores (N, K) of each and the labels y (N,) of the validation images."""
        layers = sorted(scores)
        stretches = [layers[first:end] for first in range(len(layers)) for end in range(first + 1, len(layers) + 1)]

        def right(stretch: list[int]) -> tuple[int, int]:
            total = sum((scores[layer] for layer in stretch[1:]), scores[stretch[0]])
            return int((total.argmax(1) == y).sum()), len(stretch)

        return max(stretches, key=right)


class Last(Value, title="Last layer"):
    """The class scores of the last layer."""

    needs: ClassVar[str] = "classes"
    learns: ClassVar[bool] = False
    kind: Literal["last"] = "last"

    def reads(self, layers: int) -> list[int]:
        return [layers - 1]


class _Head(Value):
    """A linear softmax that learns beside the net, on activities scaled to RMS 1; no gradient reaches the net.

    It sees the image without a label, or under the neutral one, so one pass answers.
    """

    needs: ClassVar[str] = "activity"
    learns: ClassVar[bool] = True
    layers: Which = Field("all", title="Layers")
    """Whose activities it reads."""
    lr: float = Field(0.001, gt=0, le=1000, title="Learning rate")
    """Of its own Adam; it falls as the run's does."""
    weight_decay: float = Field(0.0, ge=0, le=1000, title="Weight decay", json_schema_extra=RARE)
    """Each step takes learning rate × this share off its weights."""
    epochs: int | None = Field(None, ge=1, le=1_000_000, title="Afterwards", json_schema_extra={"unit": "epochs"})
    """Empty: it learns with the net, in every step. A number: it learns when the net is done, for so many epochs."""
    shortlist: int | None = Field(None, ge=1, le=65_536, title="Shortlist", json_schema_extra=RARE)
    """So many labels, those that the head finds likeliest, are tried in the label sweep beside it, which is that much
    faster; how often the sweep then answers as one of all labels would is measured. Empty: all labels are tried."""
    pool: int | None = Field(None, ge=1, le=1024, title="Pooled to", json_schema_extra=RARE)
    """Maps are averaged to so many places each way, tokens to their mean if set; empty: all numbers are read."""

    def reads(self, layers: int) -> list[int]:
        return _chosen(self.layers, layers)


class Softmax(_Head, title="Softmax head"):
    """One linear softmax on the activities of the layers, side by side.

    Source: Hinton 2022 (under the neutral label, first layer left out; linear classifier of the unsupervised example).
    """

    apart: ClassVar[bool] = False
    kind: Literal["softmax"] = "softmax"


class Probe(_Head, title="Probe of each layer"):
    """A linear softmax on each layer of its own; the answer is the sum of their log-probabilities.

    Shows what a layer's features are worth, apart from what its goodness says.
    """

    apart: ClassVar[bool] = True
    kind: Literal["probe"] = "probe"


AnyReadout = Annotated[Candidates | Sum | Range | Last | Softmax | Probe, Field(discriminator="kind")]

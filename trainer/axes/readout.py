"""How the net's answer is read. Imports no torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from trainer.axes.base import RARE, Value

if TYPE_CHECKING:
    from torch import Tensor

Which = Literal["all", "skip_first", "last"]
Softmaxes = dict[str, list[list[int]]]
"""The softmaxes of a head, each by the layers (from 0) that it reads, under the answers that they add up to."""


def _chosen(which: Which, layers: int) -> list[int]:
    """The layers (from 0) that count."""
    return {"all": list(range(layers)), "skip_first": list(range(1, layers)), "last": [layers - 1]}[which]


def _stretches(scores: Mapping[int, Tensor]) -> dict[str, Tensor]:
    """The scores (N, K) of neighbouring layers, added; the longest stretches come first."""
    layers = sorted(scores)
    found = [layers[first:end] for first in range(len(layers)) for end in range(first + 1, len(layers) + 1)]
    found.sort(key=len, reverse=True)
    return {_named(stretch): sum((scores[at] for at in stretch[1:]), scores[stretch[0]]) for stretch in found}


def _named(stretch: Sequence[int]) -> str:
    first, last = stretch[0] + 1, stretch[-1] + 1
    return f"the scores of layer {first}" if first == last else f"the scores of layers {first} to {last}"


class Candidates(Value, title="Label sweep"):
    """Every label is tried in the input; the answer is the label with the highest goodness, added over layers."""

    cites: ClassVar[str] = "Hinton 2022 leaves the first layer out; mohammadpz/pytorch_forward_forward adds all"
    needs: ClassVar[str] = "reading"
    learns: ClassVar[bool] = False
    kind: Literal["candidates"] = "candidates"
    layers: Which = Field("all", title="Layers")
    """Whose goodness counts. With two layers all is best; skip_first is Hinton's choice for deeper nets."""

    def reads(self, layers: int) -> list[int]:
        """The layers (from 0) whose scores count."""
        return _chosen(self.layers, layers)


class Sum(Value, title="Sum"):
    """The class scores of all layers, added."""

    cites: ClassVar[str] = "Mono-Forward (Gong, Li, Abdulla 2025)"
    needs: ClassVar[str] = "classes"
    learns: ClassVar[bool] = False
    kind: Literal["sum"] = "sum"

    def reads(self, layers: int) -> list[int]:
        return list(range(layers))


class Range(Value, title="Range"):
    """The class scores of neighbouring layers, added: those that together do best on the validation images.

    Chosen anew at each evaluation, among all stretches of layers; of equally good ones the longest.
    """

    cites: ClassVar[str] = "DeeperForward (Sun et al. 2025)"
    needs: ClassVar[str] = "classes"
    learns: ClassVar[bool] = False
    kind: Literal["range"] = "range"

    def reads(self, layers: int) -> list[int]:
        return list(range(layers))

    def options(self, scores: Mapping[int, Tensor], heads: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Every answer (N, K) that there is to choose from, by what it is called: the first of the best is taken."""
        return _stretches(scores)


class Last(Value, title="Last layer"):
    """The class scores of the last layer."""

    needs: ClassVar[str] = "classes"
    learns: ClassVar[bool] = False
    kind: Literal["last"] = "last"

    def reads(self, layers: int) -> list[int]:
        return [layers - 1]


class _Of(Value):
    layers: Which = Field("all", title="Layers")
    """Whose activities it reads."""

    def reads(self, layers: int) -> list[int]:
        return _chosen(self.layers, layers)


class _Head(Value):
    """A linear softmax that learns beside the net, on activities scaled to RMS 1; no gradient reaches the net.

    It sees the image without a label, or under the neutral one, so one pass answers.
    """

    needs: ClassVar[str] = "activity"
    learns: ClassVar[bool] = True
    lr: float = Field(0.001, gt=0, le=1000, title="Learning rate")
    """Of its own Adam; it falls as the run's does."""
    weight_decay: float = Field(0.0, ge=0, le=1000, title="Weight decay", json_schema_extra=RARE)
    """Each step takes learning rate × this share off its weights."""
    epochs: int | None = Field(
        None,
        ge=1,
        le=1_000_000,
        title="Afterwards",
        json_schema_extra={"unit": "epochs", "empty": "it learns with the net, in every step"},
    )
    """Empty: it learns with the net, in every step. A number: it learns when the net is done, for so many epochs."""
    shortlist: int | None = Field(
        None, ge=1, le=65_536, title="Shortlist", json_schema_extra={**RARE, "empty": "all labels are tried"}
    )
    """So many labels, those that the head finds likeliest, are tried in the label sweep beside it, which is that much
    faster; how often the sweep then answers as one of all labels would is measured. Empty: all labels are tried."""
    pool: int | None = Field(
        None, ge=1, le=1024, title="Pooled to", json_schema_extra={**RARE, "empty": "all numbers are read"}
    )
    """Maps are averaged to so many places each way, tokens to their mean if set; empty: all numbers are read."""

    def share(self, answer: str) -> float:
        """At what share of the learning rate the softmaxes of an answer learn."""
        return 1.0


class Softmax(_Head, _Of, title="Softmax head"):
    """One linear softmax on the activities of the layers, side by side."""

    cites: ClassVar[str] = (
        "Hinton 2022 (under the neutral label, first layer left out; linear classifier of the unsupervised example)"
    )
    kind: Literal["softmax"] = "softmax"

    def softmaxes(self, layers: int) -> Softmaxes:
        """What it is made of, in a net of so many layers."""
        return {_SOFTMAX[self.layers]: [self.reads(layers)]}


class Probe(_Head, _Of, title="Probe of each layer"):
    """A linear softmax on each layer of its own; the answer is the sum of their log-probabilities.

    Shows what a layer's features are worth, apart from what its goodness says.
    """

    kind: Literal["probe"] = "probe"

    def softmaxes(self, layers: int) -> Softmaxes:
        """What it is made of, in a net of so many layers."""
        return {_EACH: [[layer] for layer in self.reads(layers)]}


class Better(_Head, title="Better of several"):
    """A softmax on all layers learns beside another readout: who does best on the validation images answers.

    Chosen anew at each evaluation; the softmax where others are no better. Frozen layers are read so when they stand
    beside a run that has learnt: by the strongest that learns no layer, whatever reads the run.
    """

    kind: Literal["better"] = "better"
    other: Literal["scores", "skip_first", "last", "each", "nothing"] = Field("scores", title="Against")
    """scores: the layers' own class scores, added over those neighbouring layers that do best. skip_first, last: a
    softmax on these layers. each: a softmax on each layer, their log-probabilities added. nothing: the slower one."""
    slower: float | None = Field(
        None, gt=0, lt=1, title="Slower, too", json_schema_extra={**RARE, "empty": "there is none"}
    )
    """A second softmax on all layers learns at this share of the rate: what suits a short run knows the training images
    by heart in a long one. Empty: there is none."""

    def reads(self, layers: int) -> list[int]:
        return list(range(layers))

    def softmaxes(self, layers: int) -> Softmaxes:
        """What it is made of, in a net of so many layers."""
        every = self.reads(layers)
        found = {_SOFTMAX["all"]: [every]} | ({_SLOWER: [every]} if self.slower else {})
        if self.other == "each":
            return found | {_EACH: [[layer] for layer in every]}
        if self.other in ("scores", "nothing"):
            return found
        which: Which = "last" if self.other == "last" else "skip_first"
        return found | {_SOFTMAX[which]: [_chosen(which, layers)]}

    def share(self, answer: str) -> float:
        """At what share of the learning rate the softmaxes of an answer learn."""
        return self.slower if answer == _SLOWER and self.slower else 1.0

    def options(self, scores: Mapping[int, Tensor], heads: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Every answer (N, K) that there is to choose from, by what it is called: the first of the best is taken."""
        return {**heads, **(_stretches(scores) if self.other == "scores" else {})}


_SOFTMAX: dict[Which, str] = {
    "all": "a softmax on all layers",
    "skip_first": "a softmax on all layers but the first",
    "last": "a softmax on the last layer",
}
_EACH, _SLOWER = "a softmax on each layer", "a softmax on all layers that learns more slowly"
AnyHead = Softmax | Probe | Better
"""Those that learn."""
AnyChooser = Range | Better
"""Those that choose among answers on the validation images."""
AnyReadout = Annotated[Candidates | Sum | Range | Last | Softmax | Probe | Better, Field(discriminator="kind")]

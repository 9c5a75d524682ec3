"""Which readings stand against each other. Imports no torch at module level.

A row holds the competing readings of one image; the objective sees the row and the index of the true one, nothing else.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from trainer.axes.base import RARE, Value
from trainer.negatives.made import Alone, Asked, EveryLabel, Judge, Negatives, OtherImages, WrongLabels

if TYPE_CHECKING:
    from torch import Generator, Tensor

    from trainer.data import Dataset
    from trainer.negatives.rolls import Rolls
    from trainer.nets.head import Head


Count = Annotated[int, Field(ge=1, le=1000)]


class Competitors(Value, ABC):
    """A positive and its negatives: J passes of each image through the net, stacked; the first is the positive."""

    needs: ClassVar[Literal["reading", "classes"]] = "reading"
    varies: ClassVar[Literal["label", "image", "nothing"]] = "label"
    """What tells a negative from its positive."""
    takes: ClassVar[Literal["image", "text", "any"]] = "any"
    """What kind of data it can be made of."""

    @property
    def asks_head(self) -> bool:
        """Whether it needs a head that learns beside the net."""
        return self.judge == "head"

    @property
    def judge(self) -> Judge | None:
        """Whose logits of every label the negatives are drawn by."""
        return None

    def writes(self, data: Dataset, head: Head) -> Rolls | None:
        """Texts that it has the head write anew at the start of every epoch; by default none."""
        return None

    @abstractmethod
    def negatives(self, asked: Asked) -> Negatives:
        """What stands against the images of a batch; drawn for the whole of it, however it is cut afterwards."""

    def passes(self, classes: int) -> int:
        """J: passes of each image through the net in a training step."""
        return 2

    def row(self, scores: Tensor, y: Tensor) -> Tensor:
        """Readings of the stacked passes, (J·B, R) with R regions, as rows (B·R, J); column 0 is the true one."""
        passes = scores.shape[0] // y.shape[0]
        return scores.reshape(passes, -1).T

    def unrow(self, slope: Tensor, y: Tensor) -> Tensor:
        """The inverse of `row`, for derivatives: (B·R, J) to (J·B, R)."""
        return slope.T.reshape(slope.shape[1] * y.shape[0], -1)

    def index(self, row: Tensor, y: Tensor) -> Tensor:
        """Column of the true reading in each of the rows (N, J), for images of labels y (B,)."""
        return y.new_zeros(row.shape[0])

    def positive(self, y: Tensor) -> Tensor | slice:
        """Which of the stacked rows, (J·B, …), are positive data: B of them."""
        return slice(len(y))


class WrongLabel(Competitors, title="Random wrong label"):
    """The true label against wrong labels, drawn anew in every step with equal chances."""

    cites: ClassVar[str] = (
        "Hinton 2022; pytorch/examples mnist_forward_forward. Several: Distance-Forward (Wu et al. 2024)"
    )
    kind: Literal["wrong_label"] = "wrong_label"
    count: Count = Field(1, title="Wrong labels")
    """Negatives of each image, all different; as many passes more."""
    allow_true: bool = Field(False, title="Allow the true label", json_schema_extra=RARE)
    """Let one negative in K carry the true label, as Pezeshki's code does. It teaches nothing; for replication."""
    fixed: bool = Field(False, title="Drawn once", json_schema_extra=RARE)
    """Draw each image's wrong label once for the whole run instead of anew in every step."""

    def negatives(self, asked: Asked) -> WrongLabels:
        if not self.fixed:
            return WrongLabels(self.draw(asked.y, asked.classes, asked.rng))
        every = asked.once("FIXED_LABELS", lambda rng: self.draw(asked.every_y, asked.classes, rng))
        return WrongLabels(every[:, asked.index])

    def passes(self, classes: int) -> int:
        return 1 + self.count

    def draw(self, y: Tensor, classes: int, rng: Generator) -> Tensor:
        """Labels of the negatives, (count, B)."""
        import torch

        span, first = (classes, 0) if self.allow_true else (classes - 1, 1)
        if self.count == 1:
            shift = torch.randint(span, (1, *y.shape), generator=rng, device=y.device)
        else:
            keys = torch.rand(span, *y.shape, generator=rng, device=y.device)
            shift = keys.argsort(0)[: self.count]
        return (y + first + shift) % classes


class HardWrongLabel(Competitors, title="Hard wrong label"):
    """The true label against wrong labels that the net itself finds likely: drawn from softmax(sharpness · logits)."""

    cites: ClassVar[str] = "Hinton 2022 (labels drawn by the net's own beliefs); dah33/explore_forward_forward"
    kind: Literal["hard_wrong_label"] = "hard_wrong_label"
    source: Judge = Field("first", alias="from", title="Judged by")
    """first: layer 1's goodness of every label (cheap: they share its product). all: the sum over the layers. head: the
    log-probabilities of the softmax readout, as Hinton's code does."""
    sharpness: float = Field(6.0, ge=0, le=1000, title="Sharpness")
    """0: all wrong labels have equal chances; the larger, the likelier the most tempting one. 6 to 20 are usual for a
    goodness; 1 draws by the head's own probabilities."""
    count: Count = Field(1, title="Wrong labels")
    """Negatives of each image, all different; as many passes more."""
    allow_true: bool = Field(False, title="Allow the true label", json_schema_extra=RARE)
    """Draw the true label too when the net finds it likely: for text, where the negative is what the net itself
    would write."""

    @property
    def judge(self) -> Judge:
        return self.source

    def negatives(self, asked: Asked) -> WrongLabels:
        return WrongLabels(self.draw(asked.y, asked.logits(self.judge), asked.rng))

    def passes(self, classes: int) -> int:
        return 1 + self.count

    def draw(self, y: Tensor, logits: Tensor, rng: Generator) -> Tensor:
        """Labels of the negatives, (count, B), for the logits (B, K) of every label."""
        import torch

        sharp = logits.float() * self.sharpness
        if not self.allow_true:
            sharp = sharp.scatter(1, y[:, None], -torch.inf)
        return torch.multinomial(sharp.softmax(1), self.count, generator=rng).T


class AllLabels(Competitors, title="All labels"):
    """The true label against every other one: one pass a class. With cross entropy this is softmax over the
    goodness."""

    cites: ClassVar[str] = "the full comparison of Mono-Forward's derivation (Gong, Li, Abdulla 2025)"
    kind: Literal["all_labels"] = "all_labels"

    def negatives(self, asked: Asked) -> EveryLabel:
        return EveryLabel()

    def passes(self, classes: int) -> int:
        return classes

    def index(self, row: Tensor, y: Tensor) -> Tensor:
        return y.repeat_interleave(len(row) // len(y))

    def positive(self, y: Tensor) -> Tensor:
        import torch

        return y * len(y) + torch.arange(len(y), device=y.device)


class Classes(Competitors, title="Classes"):
    """Each layer emits one score a class; the classes compete, and one pass is enough."""

    cites: ClassVar[str] = "Mono-Forward (Gong, Li, Abdulla 2025); backprop's softmax is the same row on the last layer"
    needs: ClassVar[Literal["reading", "classes"]] = "classes"
    varies: ClassVar[Literal["label", "image", "nothing"]] = "nothing"
    kind: Literal["classes"] = "classes"

    def negatives(self, asked: Asked) -> Alone:
        return Alone()

    def passes(self, classes: int) -> int:
        return 1

    def row(self, scores: Tensor, y: Tensor) -> Tensor:
        return scores

    def unrow(self, slope: Tensor, y: Tensor) -> Tensor:
        return slope

    def index(self, row: Tensor, y: Tensor) -> Tensor:
        return y


class _Images(Competitors):
    """Each image against a spoilt one: the image tells them apart, not the label.

    Without a label code no label is needed at all; with one, both carry the correct label, so that a layer learns what
    belongs to it. The net's answer is then read by a head, or by the label sweep.
    """

    varies: ClassVar[Literal["label", "image", "nothing"]] = "image"
    takes: ClassVar[Literal["image", "text", "any"]] = "image"

    def negatives(self, asked: Asked) -> OtherImages:
        return OtherImages(self.spoilt(asked.images, asked).flatten(1), asked.y)

    @abstractmethod
    def spoilt(self, x: Tensor, asked: Asked) -> Tensor:
        """A spoilt image for each of the images x (B, H, W, C) of a batch."""


class HybridImage(_Images, title="Two images in one"):
    """A real image against one put together of two: blobs of the image itself, and of another one of the batch between
    them. Up close it looks real, as a whole it does not.
    """

    cites: ClassVar[str] = "Hinton 2022's unsupervised example"
    kind: Literal["hybrid_image"] = "hybrid_image"
    blurs: int = Field(3, ge=0, le=100, title="Blurs")
    """How often the mask's random bits are blurred: the more, the larger the blobs."""

    def spoilt(self, x: Tensor, asked: Asked) -> Tensor:
        import torch

        from trainer.negatives import masks

        height, width, rng = x.shape[1], x.shape[2], asked.rng
        drawn = asked.once("MASKS", lambda rng: masks.pool((height, width), self.blurs, rng))
        other = x[masks.another(len(x), rng)]
        return torch.where(masks.pick(drawn, len(x), rng)[..., None], x, other)


class Noise(_Images, title="Noise"):
    """A real image against itself under Gaussian noise.

    The easiest of all negatives: noise is told from strokes without knowing any shape.
    """

    kind: Literal["noise"] = "noise"
    level: float = Field(1.0, gt=0, le=100, title="Level")
    """Deviation of the noise, in deviations of the batch's pixels."""

    def spoilt(self, x: Tensor, asked: Asked) -> Tensor:
        import torch

        noise = torch.randn(x.shape, generator=asked.rng, device=x.device, dtype=x.dtype)
        return x + noise * (self.level * x.std(correction=0))


class Interpolation(_Images, title="Interpolation"):
    """A real image against a mixture of it and another one of the batch, which shines through everywhere."""

    kind: Literal["interpolation"] = "interpolation"
    share: float = Field(0.3, gt=0, le=1, title="Share of the other")
    """0.5: both alike; 1: another image altogether, which only a label code can tell apart."""

    def spoilt(self, x: Tensor, asked: Asked) -> Tensor:
        from trainer.negatives import masks

        return x.lerp(x[masks.another(len(x), asked.rng)], self.share)


class SelfContrast(_Images, title="Pairs (SCFF)"):
    """An image added to itself against the image added to another one: image i + r for each image i of a batch, one r a
    batch. Half the sum goes in, so that the positive is the image itself, as a readout sees it.
    """

    cites: ClassVar[str] = "SCFF (Chen, Liu, Laydevant, Grollier 2025)"
    kind: Literal["pair"] = "pair"

    def spoilt(self, x: Tensor, asked: Asked) -> Tensor:
        from trainer.negatives import masks

        return (x + x[masks.shifted(len(x), asked.rng)]) / 2


class Rollout(Competitors, title="The net's own text"):
    """Real windows of a text against windows of what the net itself writes, by what its softmax head thinks comes next.

    The rolls are written anew at the start of every epoch.
    """

    cites: ClassVar[str] = "Hinton 2022's sequences"
    varies: ClassVar[Literal["label", "image", "nothing"]] = "image"
    takes: ClassVar[Literal["image", "text", "any"]] = "text"
    kind: Literal["rollout"] = "rollout"
    rolls: int = Field(1600, ge=1, le=1_000_000, title="Rolls")
    """How many are written each time; each begins with a real window."""
    length: int = Field(90, ge=1, le=10_000, title="Length", json_schema_extra={"unit": "characters"})
    """Characters that the net writes in each."""

    @property
    def asks_head(self) -> bool:
        return True

    def writes(self, data: Dataset, head: Head) -> Rolls:
        from trainer.negatives.rolls import Rolls

        return Rolls(self, data, head)

    def negatives(self, asked: Asked) -> OtherImages:
        assert asked.rolls is not None  # the schema asks for a head
        return OtherImages(*asked.rolls.draw(len(asked.y), asked.rng))


AnyCompetitors = Annotated[
    WrongLabel | HardWrongLabel | AllLabels | Classes | HybridImage | Noise | Interpolation | SelfContrast | Rollout,
    Field(discriminator="kind"),
]

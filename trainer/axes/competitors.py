"""Which readings stand against each other. Imports no torch at module level.

A row holds the competing readings of one image; the objective sees the row and the index of the true one, nothing else.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from trainer.axes.base import RARE, Value

if TYPE_CHECKING:
    from torch import Generator, Tensor


Count = Annotated[int, Field(ge=1, le=1000)]


class _Rivals(Value):
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
    def judge(self) -> Literal["first", "all", "head"] | None:
        """Whose opinion of every label a draw asks for."""
        return None

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


class WrongLabel(_Rivals, title="Random wrong label"):
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


class HardWrongLabel(_Rivals, title="Hard wrong label"):
    """The true label against wrong labels that the net itself finds likely: drawn from softmax(sharpness · opinion)."""

    cites: ClassVar[str] = "Hinton 2022 (labels drawn by the net's own beliefs); dah33/explore_forward_forward"
    kind: Literal["hard_wrong_label"] = "hard_wrong_label"
    source: Literal["first", "all", "head"] = Field("first", alias="from", title="Judged by")
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
    def judge(self) -> Literal["first", "all", "head"]:
        return self.source

    def passes(self, classes: int) -> int:
        return 1 + self.count

    def draw(self, y: Tensor, opinion: Tensor, rng: Generator) -> Tensor:
        """Labels of the negatives, (count, B), for the opinion of every label, (B, K)."""
        import torch

        chances = opinion.float() * self.sharpness
        if not self.allow_true:
            chances = chances.scatter(1, y[:, None], -torch.inf)
        return torch.multinomial(chances.softmax(1), self.count, generator=rng).T


class AllLabels(_Rivals, title="All labels"):
    """The true label against every other one: one pass a class. With cross entropy this is softmax over the
    goodness."""

    cites: ClassVar[str] = "the full comparison of Mono-Forward's derivation (Gong, Li, Abdulla 2025)"
    kind: Literal["all_labels"] = "all_labels"

    def passes(self, classes: int) -> int:
        return classes

    def index(self, row: Tensor, y: Tensor) -> Tensor:
        return y.repeat_interleave(len(row) // len(y))

    def positive(self, y: Tensor) -> Tensor:
        import torch

        return y * len(y) + torch.arange(len(y), device=y.device)


class Classes(_Rivals, title="Classes"):
    """Each layer emits one score a class; the classes compete, and one pass is enough."""

    cites: ClassVar[str] = "Mono-Forward (Gong, Li, Abdulla 2025); backprop's softmax is the same row on the last layer"
    needs: ClassVar[Literal["reading", "classes"]] = "classes"
    varies: ClassVar[Literal["label", "image", "nothing"]] = "nothing"
    kind: Literal["classes"] = "classes"

    def passes(self, classes: int) -> int:
        return 1

    def row(self, scores: Tensor, y: Tensor) -> Tensor:
        return scores

    def unrow(self, slope: Tensor, y: Tensor) -> Tensor:
        return slope

    def index(self, row: Tensor, y: Tensor) -> Tensor:
        return y


class _Images(_Rivals):
    """Each image against a spoilt one: the image tells them apart, not the label.

    Without a label code no label is needed at all; with one, both carry the correct label, so that a layer learns what
    belongs to it. The net's answer is then read by a head, or by the label sweep.
    """

    varies: ClassVar[Literal["label", "image", "nothing"]] = "image"
    takes: ClassVar[Literal["image", "text", "any"]] = "image"

    def stock(self, size: tuple[int, int], rng: Generator) -> Tensor | None:
        """What is drawn once for a run on images of that height and width; by default nothing."""
        return None

    @abstractmethod
    def negatives(self, x: Tensor, stock: Tensor | None, rng: Generator) -> Tensor:
        """A spoilt image for each of the images x (B, H, W, C) of a batch."""


class HybridImage(_Images, title="Two images in one"):
    """A real image against one put together of two: blobs of the image itself, and of another one of the batch between
    them. Up close it looks real, as a whole it does not.
    """

    cites: ClassVar[str] = "Hinton 2022's unsupervised example"
    kind: Literal["hybrid_image"] = "hybrid_image"
    blurs: int = Field(3, ge=0, le=100, title="Blurs")
    """How often the mask's random bits are blurred: the more, the larger the blobs."""

    def stock(self, size: tuple[int, int], rng: Generator) -> Tensor:
        """Masks, (M, H, W) of bool."""
        from trainer.negatives import masks

        return masks.pool(size, self.blurs, rng)

    def negatives(self, x: Tensor, stock: Tensor | None, rng: Generator) -> Tensor:
        import torch

        from trainer.negatives import masks

        assert stock is not None
        other = x[masks.another(len(x), rng)]
        return torch.where(masks.pick(stock, len(x), rng)[..., None], x, other)


class Noise(_Images, title="Noise"):
    """A real image against itself under Gaussian noise.

    The easiest of all negatives: noise is told from strokes without knowing any shape.
    """

    kind: Literal["noise"] = "noise"
    level: float = Field(1.0, gt=0, le=100, title="Level")
    """Deviation of the noise, in deviations of the batch's pixels."""

    def negatives(self, x: Tensor, stock: Tensor | None, rng: Generator) -> Tensor:
        import torch

        noise = torch.randn(x.shape, generator=rng, device=x.device, dtype=x.dtype)
        return x + noise * (self.level * x.std(correction=0))


class Interpolation(_Images, title="Interpolation"):
    """A real image against a mixture of it and another one of the batch, which shines through everywhere."""

    kind: Literal["interpolation"] = "interpolation"
    share: float = Field(0.3, gt=0, le=1, title="Share of the other")
    """0.5: both alike; 1: another image altogether, which only a label code can tell apart."""

    def negatives(self, x: Tensor, stock: Tensor | None, rng: Generator) -> Tensor:
        from trainer.negatives import masks

        return x.lerp(x[masks.another(len(x), rng)], self.share)


class SelfContrast(_Images, title="Pairs (SCFF)"):
    """An image added to itself against the image added to another one: image i + r for each image i of a batch, one r a
    batch. Half the sum goes in, so that the positive is the image itself, as a readout sees it.
    """

    cites: ClassVar[str] = "SCFF (Chen, Liu, Laydevant, Grollier 2025)"
    kind: Literal["pair"] = "pair"

    def negatives(self, x: Tensor, stock: Tensor | None, rng: Generator) -> Tensor:
        from trainer.negatives import masks

        return (x + x[masks.shifted(len(x), rng)]) / 2


class Rollout(_Rivals, title="The net's own text"):
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


AnyCompetitors = Annotated[
    WrongLabel | HardWrongLabel | AllLabels | Classes | HybridImage | Noise | Interpolation | SelfContrast | Rollout,
    Field(discriminator="kind"),
]

"""Which readings stand against each other. Imports no torch at module level.

A row holds the competing readings of one image; the objective sees the row and the index of the true one, nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from trainer.axes.base import RARE, Value

if TYPE_CHECKING:
    from torch import Generator, Tensor


class _Pair(Value):
    """A positive (true label) and a negative (wrong label) of the same image: rows of two."""

    needs: ClassVar[str] = "reading"

    def rows(self) -> int:
        """Passes of each image through the net in a training step."""
        return 2

    def row(self, scores: Tensor) -> Tensor:
        """Readings of the stacked passes, (2B, 1), as rows (B, 2); column 0 is the true one."""
        return scores.view(2, -1).T

    def unrow(self, slope: Tensor) -> Tensor:
        """The inverse of `row`, for derivatives: (B, 2) to (2B, 1)."""
        return slope.T.reshape(-1, 1)

    def index(self, y: Tensor) -> Tensor:
        """Column of the true reading in each row, (B,)."""
        return y.new_zeros(y.shape)


class WrongLabel(_Pair, title="Random wrong label"):
    """The true label against one wrong label, drawn anew in every step with equal chances.

    Source: Hinton 2022; pytorch/examples mnist_forward_forward.
    """

    kind: Literal["wrong_label"] = "wrong_label"
    allow_true: bool = Field(False, title="Allow the true label", json_schema_extra=RARE)
    """Let one negative in K carry the true label, as Pezeshki's code does. It teaches nothing; for replication."""
    fixed: bool = Field(False, title="Drawn once", json_schema_extra=RARE)
    """Draw each image's wrong label once for the whole run instead of anew in every step."""

    def draw(self, y: Tensor, classes: int, rng: Generator) -> Tensor:
        """Labels of the negatives, (B,)."""
        import torch

        span, first = (classes, 0) if self.allow_true else (classes - 1, 1)
        shift = torch.randint(span, y.shape, generator=rng, device=y.device)
        return (y + first + shift) % classes


class HardWrongLabel(_Pair, title="Hard wrong label"):
    """The true label against a wrong label that the net itself finds likely: drawn from softmax(sharpness · goodness).

    Source: Hinton 2022 (labels drawn by the net's own beliefs); dah33/explore_forward_forward.
    """

    kind: Literal["hard_wrong_label"] = "hard_wrong_label"
    source: Literal["first", "all"] = Field("first", alias="from", title="Judged by")
    """first: layer 1's goodness of every label (cheap: they share its product). all: the sum over the layers."""
    sharpness: float = Field(6.0, ge=0, le=1000, title="Sharpness")
    """0: all wrong labels have equal chances; the larger, the likelier the most tempting one. 6 to 20 are usual."""

    def draw(self, y: Tensor, goodness: Tensor, rng: Generator) -> Tensor:
        """Labels of the negatives, (B,), for the goodness of every label, (B, K)."""
        import torch

        chances = (goodness.float() * self.sharpness).scatter(1, y[:, None], -torch.inf).softmax(1)
        return torch.multinomial(chances, 1, generator=rng)[:, 0]


class Classes(Value, title="Classes"):
    """Each layer emits one score a class; the classes compete, and one pass is enough.

    Source: Mono-Forward (Gong, Li, Abdulla 2025); backprop's softmax is the same row on the last layer.
    """

    needs: ClassVar[str] = "classes"
    kind: Literal["classes"] = "classes"

    def rows(self) -> int:
        return 1

    def row(self, scores: Tensor) -> Tensor:
        return scores

    def unrow(self, slope: Tensor) -> Tensor:
        return slope

    def index(self, y: Tensor) -> Tensor:
        return y


AnyCompetitors = Annotated[WrongLabel | HardWrongLabel | Classes, Field(discriminator="kind")]

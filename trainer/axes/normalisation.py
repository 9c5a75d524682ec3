"""How rows are scaled on their way in, before the goodness, and from layer to layer. Imports no torch at module level.

Every value here multiplies a row by a function of its length, `scale`; that is all that a label code needs to know to
scale all candidates of an image at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from trainer.axes.base import RARE, Value

if TYPE_CHECKING:
    from torch import Tensor


class NoNorm(Value, title="None"):
    """Rows go on as they are."""

    removes_length: ClassVar[bool] = False
    kind: Literal["none"] = "none"

    def scale(self, length: Tensor, width: int) -> Tensor:
        """Factor of rows of that length, (R, 1), and `width` numbers."""
        return length.new_ones(length.shape)

    def apply(self, x: Tensor) -> Tensor:
        """Scaled rows (R, D)."""
        return x

    def pull(self, x: Tensor, slope: Tensor) -> Tensor:
        """dL/dx from dL/d(scaled x)."""
        return slope


class _Length(Value):
    """Divide a row by its length, in units of `_unit` per row, plus eps."""

    removes_length: ClassVar[bool] = True
    eps: float

    def _unit(self, width: int) -> float:
        return 1.0

    def scale(self, length: Tensor, width: int) -> Tensor:
        return (length / self._unit(width) + self.eps).reciprocal()

    def apply(self, x: Tensor) -> Tensor:
        import torch

        return x * self.scale(torch.linalg.vector_norm(x, dim=1, keepdim=True), x.shape[1])

    def pull(self, x: Tensor, slope: Tensor) -> Tensor:
        """With s(u) = 1/(u/c + eps) and u = |x|: s·slope − (s²/(c·u))·⟨x, slope⟩·x; 0 stays 0."""
        import torch

        length = torch.linalg.vector_norm(x, dim=1, keepdim=True)
        scale = self.scale(length, x.shape[1])
        along = (x * slope).sum(1, keepdim=True) * scale.square() / (length * self._unit(x.shape[1]))
        return slope * scale - x * torch.where(length > 0, along, 0.0)


class UnitL2(_Length, title="Unit length"):
    """Each row is divided by its Euclidean length + eps.

    Source: mohammadpz/pytorch_forward_forward (eps 1e-4).
    """

    kind: Literal["unit_l2"] = "unit_l2"
    eps: float = Field(1e-4, ge=0, le=1, title="eps", json_schema_extra=RARE)
    """Added to the length, so that an all-zero row stays zero."""


class Rms(_Length, title="RMS 1"):
    """Each row is divided by its root mean square + eps: unit length times √width.

    Source: Hinton 2022's Matlab code; loeweX/Forward-Forward (eps 1e-8).
    """

    kind: Literal["rms"] = "rms"
    eps: float = Field(1e-6, ge=0, le=1, title="eps", json_schema_extra=RARE)
    """Added to the root mean square, so that an all-zero row stays zero."""

    def _unit(self, width: int) -> float:
        return float(width**0.5)


AnyNorm = Annotated[NoNorm | UnitL2 | Rms, Field(discriminator="kind")]


class Normalisation(Value, title="Normalisation"):
    """Three places where a row can be scaled. FF scales what it hands over, so that a layer cannot read the goodness
    of the layer below."""

    input: AnyNorm = Field(Rms(), title="Input")
    """Of the pixels, label included."""
    before: AnyNorm = Field(NoNorm(), title="Before the goodness")
    """Of a layer's activity, before its goodness is read and before it goes on."""
    handover: AnyNorm = Field(Rms(), title="Hand-over")
    """Of what one layer hands to the next."""

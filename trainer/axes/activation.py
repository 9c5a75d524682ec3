"""The non-linearity. Imports no torch at module level."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from trainer.axes.base import Value

if TYPE_CHECKING:
    from torch import Tensor


class Activation(Value, ABC):
    """h from z: (R, H) units, (R, C, H, W) maps or (R, T, E) tokens."""

    rectifies: ClassVar[bool] = False
    """Whether `pull` does nothing but let slopes through where h is not 0."""

    @abstractmethod
    def apply(self, z: Tensor) -> Tensor:
        """h from z, by operations that autograd knows."""

    def apply_(self, z: Tensor) -> Tensor:
        """h from z, whose memory it may take."""
        return self.apply(z)

    def kept(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """h from z, whose memory it may take; and what `pull` needs."""
        h = self.apply_(z)
        return h, h

    @abstractmethod
    def pull(self, kept: Tensor, slope: Tensor) -> Tensor:
        """dL/dz from dL/dh and what was kept."""


class Relu(Activation, title="ReLU"):
    """max(0, z)."""

    rectifies: ClassVar[bool] = True
    kind: Literal["relu"] = "relu"

    def apply(self, z: Tensor) -> Tensor:
        return z.relu()

    def apply_(self, z: Tensor) -> Tensor:
        return z.relu_()

    def pull(self, kept: Tensor, slope: Tensor) -> Tensor:
        """0 where the unit is off."""
        import torch

        return torch.ops.aten.threshold_backward(slope, kept, 0)  # type: ignore[no-any-return]


class StudentT(Activation, title="Student t"):
    """The surprise of z under Student's t; even in z and never dead."""

    formula: ClassVar[str] = "½(ν+1)·log(1 + z²/ν)"
    cites: ClassVar[str] = "Hinton 2022, an open question: negative log density of a t-distribution as activation"
    kind: Literal["student_t"] = "student_t"
    nu: float = Field(1.0, gt=0, le=1e6, title="Degrees of freedom ν")
    """Small: nearly flat far from 0; large: nearly z²/2."""

    def apply(self, z: Tensor) -> Tensor:
        return (z.square() / self.nu).log1p() * ((self.nu + 1) / 2)

    def kept(self, z: Tensor) -> tuple[Tensor, Tensor]:
        return self.apply(z), z

    def pull(self, kept: Tensor, slope: Tensor) -> Tensor:
        """(ν+1)·z/(ν+z²) of it."""
        return slope * kept * (self.nu + 1) / (kept.square() + self.nu)


class Triangle(Activation, title="Triangle"):
    """max(0, z − mean of z over the units, channels, or numbers of a token): about half of them are on, always."""

    cites: ClassVar[str] = "Coates, Ng, Lee 2011; SCFF (Chen, Liu, Laydevant, Grollier 2025)"
    kind: Literal["triangle"] = "triangle"

    def apply(self, z: Tensor) -> Tensor:
        return (z - z.mean(_units(z), keepdim=True)).relu()

    def pull(self, kept: Tensor, slope: Tensor) -> Tensor:
        slope = slope * (kept > 0)
        return slope - slope.mean(_units(kept), keepdim=True)


def _units(z: Tensor) -> int:
    """The axis along which units or channels lie."""
    return 2 if z.ndim == 3 else 1


AnyActivation = Annotated[Relu | StudentT | Triangle, Field(discriminator="kind")]

"""Hand-overs that no gradient passes: FF layers learn alone and do not mind. Imports no torch at module level.

Source: Hinton 2022: a black box may stand between layers, since FF needs no derivative of it.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from trainer.axes.norm_base import Norm

if TYPE_CHECKING:
    from torch import Generator, Tensor

    from trainer.axes.norm_base import State

EPS = 1e-6
"""Added to a row's root mean square, so that an all-zero row stays zero."""
REACH = 4.0
"""Largest value that quantised rows have, in units of the row's root mean square."""


class _BlackBox(Norm):
    """What comes out has length √width or about that, whatever the activity's."""

    differentiable: ClassVar[bool] = False

    def _scaled(self, x: Tensor) -> Tensor:
        """Rows with a root mean square of 1."""
        rms = x.flatten(1).square().mean(1).sqrt() + EPS
        return x / rms.view(-1, *[1] * (x.ndim - 1))


class Sign(_BlackBox, title="Sign (black box)"):
    """A unit that is on hands over 1, one that is off hands over -1: one bit. No gradient can pass it."""

    kind: Literal["sign"] = "sign"

    def apply(self, x: Tensor, state: State, *, training: bool = False) -> Tensor:
        import torch

        return torch.where(x > 0, 1.0, -1.0).to(x.dtype)


class Quantise(_BlackBox, title="Quantise (black box)"):
    """Rows of RMS 1, rounded to a few values between -4 and 4. No gradient can pass it."""

    kind: Literal["quantise"] = "quantise"
    levels: int = Field(4, ge=1, le=1024, title="Steps")
    """Values from 0 to 4; as many below 0."""

    def apply(self, x: Tensor, state: State, *, training: bool = False) -> Tensor:
        step = REACH / self.levels
        return (self._scaled(x) / step).round().clamp(-self.levels, self.levels) * step


class Permutation(_BlackBox, title="Permutation (black box)"):
    """Rows of RMS 1, their numbers in another order, drawn once: it stands for any box that cannot be looked into."""

    kind: Literal["permutation"] = "permutation"

    def drawn(self, shape: tuple[int, ...], rng: Generator) -> State:
        import torch

        return {"order": torch.randperm(prod(shape), generator=rng, device=rng.device)}

    def apply(self, x: Tensor, state: State, *, training: bool = False) -> Tensor:
        return self._scaled(x).flatten(1)[:, state["order"]].view(x.shape)

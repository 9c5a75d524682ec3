"""How a gradient becomes a step. Imports no torch at module level.

An optimiser is stateless: each layer owns one flat buffer of parameters, one of gradients and the `state` made here.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from trainer.axes.base import RARE, Value
from trainer.axes.curve import AnyCurve, Constant, Cosine, Linear, Steps

if TYPE_CHECKING:
    from torch import Tensor

    State = dict[str, Tensor]

__all__ = ["Adam", "AdamW", "AnyCurve", "AnyOptimiser", "Constant", "Cosine", "Linear", "Sgd", "Steps"]

Rate = Annotated[float, Field(gt=0, le=1000)]
Decay = Annotated[float, Field(ge=0, lt=1)]
TINY = 1e-6
"""Added to a gradient's length before it divides."""


class Optimiser(Value, ABC):
    """A rule for one layer's flat buffers."""

    lr: Rate
    clip: float | None = Field(None, gt=0, le=1e6, title="Clip", json_schema_extra={**RARE, "empty": "never"})
    """A layer's gradient is shortened to this Euclidean length where it is longer; empty: never."""
    curve: AnyCurve = Field(Constant(), title="Curve of the learning rate")
    """How the learning rate changes over the run."""

    counters: ClassVar[tuple[str, ...]] = ()
    """Numbers that are remembered from step to step."""

    @property
    @abstractmethod
    def moments(self) -> tuple[str, ...]:
        """What is remembered of each parameter from step to step; all 0 at the start."""

    def state(self, flat: Tensor) -> State:
        """What is remembered of the parameters `flat`, at the start."""
        return {name: flat.new_zeros(flat.shape) for name in self.moments} | {
            name: flat.new_zeros(()) for name in self.counters
        }

    def step(self, flat: Tensor, grad: Tensor, state: State, factor: float) -> None:
        """Move `flat` along `grad` at `factor` times the learning rate, in place; `grad` may be changed."""
        if self.clip is not None:
            import torch

            grad.mul_((self.clip / (torch.linalg.vector_norm(grad) + TINY)).clamp_(max=1.0))
        self._move(flat, grad, state, factor)

    @abstractmethod
    def _move(self, flat: Tensor, grad: Tensor, state: State, factor: float) -> None: ...


class _Moments(Optimiser):
    """Steps by the mean gradient over the root of the mean squared one."""

    lr: Rate = Field(0.003, title="Learning rate")
    """About the size of a weight's step; 0.001 to 0.005 with RMS, 0.03 with unit length."""
    beta1: Decay = Field(0.9, title="β₁", json_schema_extra=RARE)
    """Memory of the mean gradient."""
    beta2: Decay = Field(0.999, title="β₂", json_schema_extra=RARE)
    """Memory of the squared gradient."""
    eps: float = Field(1e-8, gt=0, le=1, title="eps", json_schema_extra=RARE)
    """Added to the root of the squared gradient. Under the threshold loss twice that of a code whose loss is one mean
    over positive and negative rows: Pezeshki's 1e-8 is 2e-8 here."""

    counters: ClassVar[tuple[str, ...]] = ("steps",)

    @property
    def moments(self) -> tuple[str, ...]:
        """Mean and squared gradient."""
        return "mean", "square"

    def _move(self, flat: Tensor, grad: Tensor, state: State, factor: float) -> None:
        """One fused pass over the layer's flat buffer, in place."""
        import torch

        torch._fused_adam_(
            [flat], [grad], [state["mean"]], [state["square"]], [], [state["steps"].add_(1)],
            lr=self.lr * factor, beta1=self.beta1, beta2=self.beta2, weight_decay=0.0, eps=self.eps,
            amsgrad=False, maximize=False,
        )  # fmt: skip


class Adam(_Moments, title="Adam"):
    """Steps of nearly equal size for every weight, whatever the scale of its gradient."""

    cites: ClassVar[str] = "Kingma & Ba 2015"
    kind: Literal["adam"] = "adam"


class AdamW(_Moments, title="AdamW"):
    """Adam, and in each step a share off every number that the layer learns, biases and projections too."""

    cites: ClassVar[str] = (
        "Loshchilov & Hutter 2019. (The regulariser's weight decay takes it off the layer's weights alone.)"
    )
    kind: Literal["adamw"] = "adamw"
    weight_decay: float = Field(0.01, ge=0, le=1000, title="Weight decay")
    """Each step takes learning rate × this share off."""

    def _move(self, flat: Tensor, grad: Tensor, state: State, factor: float) -> None:
        flat.mul_(1 - self.lr * factor * self.weight_decay)
        super()._move(flat, grad, state, factor)


class Sgd(Optimiser, title="SGD"):
    """Gradient descent, with momentum: velocity ← momentum · velocity + gradient."""

    cites: ClassVar[str] = "Polyak 1964"
    kind: Literal["sgd"] = "sgd"
    lr: Rate = Field(0.1, title="Learning rate")
    """Multiplies the velocity. Under the threshold loss it is half that of a code whose loss is one mean over positive
    and negative rows: Hinton's 0.01 is 0.005 here with Averaged and 0.0005 without, loeweX's 0.001 is 0.0005."""
    momentum: Decay = Field(0.9, title="Momentum")
    """Memory of past gradients; 0: none."""
    averaged: bool = Field(False, title="Averaged", json_schema_extra=RARE)
    """velocity ← momentum · velocity + (1 - momentum) · gradient, as Hinton's Matlab code has it; its rate of 0.01 is
    0.005 here, since the threshold loss here is twice as large."""

    @property
    def moments(self) -> tuple[str, ...]:
        """The velocity; none without momentum."""
        return ("velocity",) if self.momentum else ()

    def _move(self, flat: Tensor, grad: Tensor, state: State, factor: float) -> None:
        if self.momentum:
            grad = state["velocity"].mul_(self.momentum).add_(grad, alpha=1 - self.momentum if self.averaged else 1.0)
        flat.add_(grad, alpha=-self.lr * factor)


AnyOptimiser = Annotated[Adam | AdamW | Sgd, Field(discriminator="kind")]

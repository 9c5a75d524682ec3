"""How a gradient becomes a step. Imports no torch at module level.

An optimiser is stateless: each layer owns one flat buffer of parameters, one of gradients and the `state` made here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from trainer.axes.base import RARE, Value

if TYPE_CHECKING:
    from torch import Tensor

    State = dict[str, Tensor]


class Constant(Value, title="Constant"):
    """The same learning rate from the first step to the last."""

    kind: Literal["constant"] = "constant"

    def factor(self, done: float) -> float:
        """Share of the learning rate at `done` (0..1) of the run, or of the layer's own epochs when greedy."""
        return 1.0


class Linear(Value, title="Linear decay"):
    """Falls in a straight line; from the first step, or constant up to a point as in Hinton 2022."""

    kind: Literal["linear"] = "linear"
    begin: float = Field(0.0, ge=0, lt=1, title="Begins at")
    """Share of the run at which the rate starts to fall: 0 from the first step, 0.5 in the second half."""
    end: float = Field(0.0, ge=0, le=1, title="Ends at")
    """Share of the learning rate that is left at the end."""

    def factor(self, done: float) -> float:
        fallen = max(0.0, done - self.begin) / (1 - self.begin)
        return 1 - fallen * (1 - self.end)


AnyCurve = Annotated[Constant | Linear, Field(discriminator="kind")]
Rate = Annotated[float, Field(gt=0, le=1000)]
Decay = Annotated[float, Field(ge=0, lt=1)]


class Adam(Value, title="Adam"):
    """Steps of nearly equal size for every weight, whatever the scale of its gradient.

    Source: Kingma & Ba 2015.
    """

    kind: Literal["adam"] = "adam"
    lr: Rate = Field(0.003, title="Learning rate")
    """About the size of a weight's step; 0.001 to 0.005 with RMS, 0.03 with unit length."""
    beta1: Decay = Field(0.9, title="β₁", json_schema_extra=RARE)
    """Memory of the mean gradient."""
    beta2: Decay = Field(0.999, title="β₂", json_schema_extra=RARE)
    """Memory of the squared gradient."""
    eps: float = Field(1e-8, gt=0, le=1, title="eps", json_schema_extra=RARE)
    """Added to the root of the squared gradient."""
    curve: AnyCurve = Field(Constant(), title="Curve of the learning rate")
    """How the learning rate changes over the run."""

    @property
    def slots(self) -> int:
        """Numbers kept for each parameter."""
        return 2

    def state(self, flat: Tensor) -> State:
        """Mean and squared gradient, and the number of steps."""
        return {"mean": flat.new_zeros(flat.shape), "square": flat.new_zeros(flat.shape), "steps": flat.new_zeros(())}

    def step(self, flat: Tensor, grad: Tensor, state: State, factor: float) -> None:
        """One fused pass over the layer's flat buffer, in place."""
        import torch

        torch._fused_adam_(
            [flat], [grad], [state["mean"]], [state["square"]], [], [state["steps"].add_(1)],
            lr=self.lr * factor, beta1=self.beta1, beta2=self.beta2, weight_decay=0.0, eps=self.eps,
            amsgrad=False, maximize=False,
        )  # fmt: skip


class Sgd(Value, title="SGD"):
    """Gradient descent, with momentum: velocity ← momentum · velocity + gradient.

    Source: Hinton 2022's rates belong to averaged gradients: 0.01 there is 0.001 here with momentum 0.9.
    """

    kind: Literal["sgd"] = "sgd"
    lr: Rate = Field(0.1, title="Learning rate")
    """Multiplies the velocity."""
    momentum: Decay = Field(0.9, title="Momentum")
    """Memory of past gradients; 0: none."""
    curve: AnyCurve = Field(Constant(), title="Curve of the learning rate")
    """How the learning rate changes over the run."""

    @property
    def slots(self) -> int:
        return 1 if self.momentum else 0

    def state(self, flat: Tensor) -> State:
        """The velocity; none without momentum."""
        return {"velocity": flat.new_zeros(flat.shape)} if self.momentum else {}

    def step(self, flat: Tensor, grad: Tensor, state: State, factor: float) -> None:
        if self.momentum:
            grad = state["velocity"].mul_(self.momentum).add_(grad)
        flat.add_(grad, alpha=-self.lr * factor)


AnyOptimiser = Annotated[Adam | Sgd, Field(discriminator="kind")]

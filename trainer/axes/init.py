"""The weights at the start. Imports no torch at module level."""

from __future__ import annotations

from abc import abstractmethod
from math import prod
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from trainer.axes.base import Value

if TYPE_CHECKING:
    from torch import Generator, Tensor


class _Init(Value):
    """Draws a weight of any shape (outputs, …) and its bias."""

    def draw(self, shape: tuple[int, ...], fan_in: int, rng: Generator) -> dict[str, Tensor]:
        """weight `shape` and bias (shape[0],), on the generator's device; `fan_in` inputs reach each output."""
        import torch

        weight, bias = torch.empty(shape, device=rng.device), torch.empty(shape[0], device=rng.device)
        self.fill(weight, bias, fan_in, rng)
        return {"weight": weight, "bias": bias}

    @abstractmethod
    def fill(self, weight: Tensor, bias: Tensor, fan_in: int, rng: Generator) -> None:
        """Set weight (outputs, …) and bias (outputs,) in place."""


class Normal(_Init, title="Normal"):
    """With RMS inputs the goodness starts at gain²/2."""

    formula: ClassVar[str] = "W normal with variance gain²/fan-in, b = 0"
    cites: ClassVar[str] = "Hinton 2022's Matlab code (gain 1); He et al. 2015 (gain √2, for ReLU)"
    kind: Literal["normal"] = "normal"
    gain: float = Field(1.0, gt=0, le=100, title="Gain")
    """Multiplies the standard deviation 1/√fan-in. 1 for FF, 1.41 for backprop and Mono-Forward."""

    def fill(self, weight: Tensor, bias: Tensor, fan_in: int, rng: Generator) -> None:
        weight.normal_(0, self.gain * fan_in**-0.5, generator=rng)
        bias.zero_()


class FanOut(_Init, title="Normal by fan-out"):
    """W normal with variance gain²/fan-out, b = 0."""

    cites: ClassVar[str] = (
        "loeweX/Forward-Forward (gain 1, by the weight's rows); DeeperForward (He's fan-out, gain √2)"
    )
    kind: Literal["fan_out"] = "fan_out"
    gain: float = Field(1.0, gt=0, le=100, title="Gain")
    """Multiplies the standard deviation 1/√fan-out."""

    def fill(self, weight: Tensor, bias: Tensor, fan_in: int, rng: Generator) -> None:
        weight.normal_(0, self.gain * (weight.shape[0] * prod(weight.shape[2:])) ** -0.5, generator=rng)
        bias.zero_()


class TorchDefault(_Init, title="PyTorch's default"):
    """W and b uniform between ±1/√fan-in, as torch.nn.Linear starts."""

    kind: Literal["torch_default"] = "torch_default"

    def fill(self, weight: Tensor, bias: Tensor, fan_in: int, rng: Generator) -> None:
        bound = fan_in**-0.5
        weight.uniform_(-bound, bound, generator=rng)
        bias.uniform_(-bound, bound, generator=rng)


AnyInit = Annotated[Normal | FanOut | TorchDefault, Field(discriminator="kind")]

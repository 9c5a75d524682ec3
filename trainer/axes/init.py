"""The weights at the start. Imports no torch at module level."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from trainer.axes.base import Value

if TYPE_CHECKING:
    from torch import Generator, Tensor


class Normal(Value, title="Normal"):
    """W normal with variance gain²/fan-in, b = 0: with RMS inputs the goodness starts at gain²/2.

    Source: Hinton 2022's Matlab code (gain 1); He et al. 2015 (gain √2, for ReLU).
    """

    kind: Literal["normal"] = "normal"
    gain: float = Field(1.0, gt=0, le=100, title="Gain")
    """Multiplies the standard deviation 1/√fan-in. 1 for FF, 1.41 for backprop and Mono-Forward."""

    def fill(self, weight: Tensor, bias: Tensor, rng: Generator) -> None:
        """Set weight (H, D) and bias (H,) in place."""
        weight.normal_(0, self.gain * weight.shape[1] ** -0.5, generator=rng)
        bias.zero_()


class TorchDefault(Value, title="PyTorch's default"):
    """W and b uniform between ±1/√fan-in, as torch.nn.Linear starts."""

    kind: Literal["torch_default"] = "torch_default"

    def fill(self, weight: Tensor, bias: Tensor, rng: Generator) -> None:
        bound = weight.shape[1] ** -0.5
        weight.uniform_(-bound, bound, generator=rng)
        bias.uniform_(-bound, bound, generator=rng)


AnyInit = Annotated[Normal | TorchDefault, Field(discriminator="kind")]

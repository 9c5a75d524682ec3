"""The numbers that matrix products are computed in. Imports no torch at module level."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from trainer.axes.base import Value

if TYPE_CHECKING:
    from torch import Tensor


class Float32(Value, title="float32"):
    """Single precision throughout."""

    kind: Literal["float32"] = "float32"

    def mm(self, a: Tensor, b: Tensor) -> Tensor:
        """a @ b."""
        return a @ b


class Bfloat16(Value, title="bfloat16"):
    """Training's products in bfloat16, weights, sums and optimiser in float32. Fast where the processor has it (AMX,
    AVX512-BF16, GPUs since 2020), slow elsewhere. Evaluation stays in float32."""

    kind: Literal["bfloat16"] = "bfloat16"

    def mm(self, a: Tensor, b: Tensor) -> Tensor:
        import torch

        return (a.to(torch.bfloat16) @ b.to(torch.bfloat16)).to(a.dtype)


AnyPrecision = Annotated[Float32 | Bfloat16, Field(discriminator="kind")]

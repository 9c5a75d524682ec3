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

    def cast(self, x: Tensor) -> Tensor:
        """x in the numbers that products take."""
        return x

    def lift(self, x: Tensor) -> Tensor:
        """x in the numbers that everything else takes."""
        return x

    def affine(self, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        """x Wᵀ + b for rows x (R, D) and W (H, D)."""
        from trainer import products

        return products.affine(x, weight, bias)

    def accumulate(self, delta: Tensor, x: Tensor, grad: Tensor) -> None:
        """grad (H, D) += deltaᵀ x for delta (R, H) and x (R, D)."""
        from trainer import products

        products.accumulate(delta, x, grad)


class Bfloat16(Value, title="bfloat16"):
    """Training's products in bfloat16, weights, sums and optimiser in float32. Fast where the processor has it (AMX,
    AVX512-BF16, GPUs since 2020), slow elsewhere. Evaluation stays in float32."""

    kind: Literal["bfloat16"] = "bfloat16"

    def cast(self, x: Tensor) -> Tensor:
        import torch

        return x.to(torch.bfloat16)

    def lift(self, x: Tensor) -> Tensor:
        return x.float()

    def affine(self, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        from trainer import products

        return self.lift(products.affine(self.cast(x), self.cast(weight), self.cast(bias)))

    def accumulate(self, delta: Tensor, x: Tensor, grad: Tensor) -> None:
        from trainer import products

        products.accumulate(self.cast(delta), self.cast(x), grad)


def of_kind(kind: str) -> Float32 | Bfloat16:
    """The precision of that name."""
    return Bfloat16() if kind == "bfloat16" else Float32()


AnyPrecision = Annotated[Float32 | Bfloat16, Field(discriminator="kind")]

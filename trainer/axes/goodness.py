"""What a layer's activity says of its input. Imports no torch at module level.

How to add one: docs/how-to-add.md.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from trainer.axes.base import RARE, Moment
from trainer.axes.class_rows import Groups, PatchProjection, Projection, Prototype
from trainer.axes.goodness_base import Goodness
from trainer.blocks.base import Shape
from trainer.clash import Misfit

if TYPE_CHECKING:
    from torch import Tensor

    from trainer.axes.goodness_base import Parameters

__all__ = ["Activity", "AnyGoodness", "Goodness", "Groups", "PatchProjection", "Projection", "Prototype"]


class Activity(Goodness, title="Activity"):
    """How active the layer is: the sum or mean over its units of h or h²."""

    cites: ClassVar[str] = (
        "Hinton 2022 (sum of squares; minimised, unsquared, constraint detectors and regions are its open questions); "
        "mohammadpz/pytorch_forward_forward (mean of squares)"
    )
    kind: Literal["activity"] = "activity"
    power: Literal[1, 2] = Field(2, title="Power")
    """2: squared activity. 1: the activity itself (its gradient does not grow with the activity)."""
    reduce: Literal["mean", "sum"] = Field("mean", title="Over the units")
    """sum: the threshold is then about the layer's width. mean: about 1 to 2, whatever the width."""
    sign: Literal[1, -1] = Field(1, title="Sign", json_schema_extra=RARE)
    """1: positive data should be active. -1: positive data should be quiet (thresholds are then negative)."""
    constraint_share: float = Field(0.0, ge=0, lt=1, title="Constraint detectors", json_schema_extra=RARE)
    """Share of the units, the last ones, that should be quiet where the others should be active: read with sign -1."""
    regions: int = Field(1, ge=1, le=64, title="Regions", json_schema_extra=RARE)
    """Maps are cut into so many regions each way; every region has a reading and a loss of its own."""

    @property
    def reads(self) -> frozenset[Moment]:
        if self.regions > 1 or self.constraint_share:
            return frozenset()
        return frozenset({"length" if self.power == 2 else "mean"})

    @property
    def fades(self) -> bool:
        return self.power == 2

    def misfit(self, shape: Shape, classes: int) -> Misfit | None:
        if self.regions == 1:
            return None
        if len(shape) != 3:
            return Misfit(
                "only maps have regions: set goodness.regions to 1, or choose a net of maps", ({"regions": 1},)
            )
        least = min(shape[1:])
        if self.regions <= least:
            return None
        return Misfit(f"maps of {shape[1]} × {shape[2]} have {least} regions each way at most", ({"regions": least},))

    def scores(self, h: Tensor, p: Parameters) -> Tensor:
        """(R, …) to (R, 1), or (R, regions²) of maps."""
        if self.regions > 1:
            return self._by_region(h)
        if self.constraint_share:
            return (self._powered(h) * self._signs(h)).sum(_axes(h))[:, None] * self._scale(h)
        return self._total(h)[:, None] * self._scale(h)

    def pull(self, h: Tensor, p: Parameters, slope: Tensor) -> tuple[Tensor, Parameters]:
        """dL/dh from dL/dscores (R, 1); regions by autograd."""
        if self.regions > 1:
            return super().pull(h, p, slope)
        slope = slope.view(-1, *[1] * (h.ndim - 1)) * (self._scale(h) * self.power)
        if self.constraint_share:
            slope = slope * self._signs(h)
        return (h * slope if self.power == 2 else slope.expand_as(h)), {}

    def _scale(self, h: Tensor) -> float:
        return self.sign / (prod(h.shape[1:]) if self.reduce == "mean" else 1)

    def _total(self, h: Tensor) -> Tensor:
        """Sum over a row of h or h², (R,); one pass without a copy, however maps lie in memory."""
        import torch

        if self.power == 1:
            return h.sum(_axes(h))
        length: Tensor = torch.linalg.vector_norm(h, dim=_axes(h))
        return length.square()

    def _powered(self, h: Tensor) -> Tensor:
        return h.square() if self.power == 2 else h

    def _signs(self, h: Tensor) -> Tensor:
        """+1 for the first units or channels, -1 for the constraint detectors; laid along their axis."""
        axis = 2 if h.ndim == 3 else 1
        units = h.shape[axis]
        signs = h.new_ones(units)
        signs[units - round(self.constraint_share * units) :] = -1
        return signs.view(*[-1 if place == axis else 1 for place in range(h.ndim)])

    def _by_region(self, h: Tensor) -> Tensor:
        """Mean of the values in each region, (R, regions²); for a sum times the numbers that a region holds."""
        import torch.nn.functional as F

        values = (self._powered(h) * self._signs(h)).mean(1)
        means = F.adaptive_avg_pool2d(values, self.regions).flatten(1) * self.sign
        return means if self.reduce == "mean" else means * (prod(h.shape[1:]) / means.shape[1])


def _axes(h: Tensor) -> tuple[int, ...]:
    """All but that of the rows."""
    return tuple(range(1, h.ndim))


AnyGoodness = Annotated[Activity | Groups | Projection | PatchProjection | Prototype, Field(discriminator="kind")]

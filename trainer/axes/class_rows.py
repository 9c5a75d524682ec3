"""Goodness that gives one score a class: one pass without a label is enough. Imports no torch at module level."""

from __future__ import annotations

from math import ceil, prod
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field, PrivateAttr

from trainer.axes.base import RARE, Moment
from trainer.axes.goodness_base import Goodness
from trainer.blocks import features, length
from trainer.blocks.base import Shape
from trainer.clash import Misfit

if TYPE_CHECKING:
    from torch import Generator, Tensor

    from trainer.axes.goodness_base import Parameters

UNIT = 1.0, 1e-6
"""Unit and eps with which rows and prototypes are divided by their length for a cosine."""


class _ClassRows(Goodness):
    """One score a class."""

    gives: ClassVar[Literal["reading", "classes"]] = "classes"


class Projection(_ClassRows, title="Projection"):
    """One score a class: the activity projected by a matrix M of the layer's own, h Mᵀ."""

    cites: ClassVar[str] = (
        "Mono-Forward (Gong, Li, Abdulla 2025); on the last layer under backprop it is the usual output layer"
    )
    kind: Literal["projection"] = "projection"
    trained: bool = Field(True, title="Trained")
    """Train M with the layer; a frozen random M works nearly as well."""
    start: Literal["zero", "normal"] = Field("zero", title="Start")
    """zero: M starts at 0. normal: M starts random with variance 1/width."""
    bias: bool = Field(False, title="Bias")
    """Add a bias a class."""
    pool: int | None = Field(None, ge=1, le=1024, title="Pooled to", json_schema_extra={**RARE, "empty": "all numbers"})
    """Maps are averaged to so many places each way before M, tokens to their mean if set; empty: all numbers."""

    @property
    def learns(self) -> bool:
        return self.trained

    def numbers(self, shape: Shape, classes: int) -> int:
        return classes * (features.width(shape, self.pool) + self.bias)

    def init(self, shape: Shape, classes: int, rng: Generator) -> Parameters:
        """matrix (K, F) and, where asked for, bias (K,), on the generator's device; F features a row."""
        import torch

        width = features.width(shape, self.pool)
        matrix = torch.zeros(classes, width, device=rng.device)
        if self.start == "normal":
            matrix.normal_(0, width**-0.5, generator=rng)
        return {"matrix": matrix} | ({"bias": torch.zeros(classes, device=rng.device)} if self.bias else {})

    def scores(self, h: Tensor, p: Parameters) -> Tensor:
        """(R, …) to (R, K)."""
        scores = features.flat(h, self.pool) @ p["matrix"].T
        return scores + p["bias"] if self.bias else scores

    def pull(self, h: Tensor, p: Parameters, slope: Tensor) -> tuple[Tensor, Parameters]:
        """dL/dh (R, H) and dL/dp from dL/dscores (R, K); a frozen M has no dL/dp."""
        if h.ndim > 2:
            return super().pull(h, p, slope)
        dh = slope @ p["matrix"]
        if not self.trained:
            return dh, {}
        return dh, {"matrix": slope.T @ h} | ({"bias": slope.sum(0)} if self.bias else {})


class Groups(_ClassRows, title="Groups of units"):
    """One score a class: the mean of h or h² over the class's own group of units or channels.

    Groups are K stretches of neighbouring units; of maps over all places, of tokens over all of them.
    """

    cites: ClassVar[str] = (
        "CwComp (Papachristodoulou et al. 2024; squares); DeeperForward (Sun et al. 2025; the activity itself)"
    )
    kind: Literal["groups"] = "groups"
    power: Literal[1, 2] = Field(2, title="Power")
    """2: squared activity. 1: the activity itself, whose gradient does not vanish with it."""
    _classes: int = PrivateAttr(0)

    @property
    def reads(self) -> frozenset[Moment]:
        return frozenset({"group length" if self.power == 2 else "group mean"})

    def bound(self, classes: int) -> Groups:
        bound = self.model_copy()
        bound._classes = classes
        return bound

    def misfit(self, shape: Shape, classes: int) -> Misfit | None:
        units = shape[1] if len(shape) == 2 else shape[0]
        if units % classes == 0:
            return None
        reason = f"{units} units or channels cannot be cut into {classes} equal groups"
        return Misfit(f"{reason}: a multiple of {classes} would work")

    def scores(self, h: Tensor, p: Parameters) -> Tensor:
        """(R, …) to (R, K)."""
        values = self._grouped(h)
        return (values.square() if self.power == 2 else values).mean((1, 3))

    def pull(self, h: Tensor, p: Parameters, slope: Tensor) -> tuple[Tensor, Parameters]:
        """dL/dh from dL/dscores (R, K)."""
        values = self._grouped(h)
        each = slope[:, None, :, None] * (self.power * slope.shape[1] / prod(h.shape[1:]))
        return (values * each if self.power == 2 else each.expand_as(values)).reshape(h.shape), {}

    def _grouped(self, h: Tensor) -> Tensor:
        """(R, T, K, numbers of a group); T is 1 but for tokens."""
        return h.reshape(len(h), h.shape[1] if h.ndim == 3 else 1, self._classes, -1)


class Prototype(_ClassRows, title="Prototypes"):
    """One score a class: the cosine between the activity and the class's learned prototype, over a temperature.

    Prototypes start from N(0, 1); only their directions count.
    """

    cites: ClassVar[str] = "HFF (Sarode et al. 2026), whose scale is not known; 0.1 worked in prototypes of ours"
    kind: Literal["prototype"] = "prototype"
    temperature: float = Field(0.1, gt=0, le=1000, title="Temperature τ")
    """Divides the cosine: scores lie between -1/τ and 1/τ."""
    pool: int | None = Field(None, ge=1, le=1024, title="Pooled to", json_schema_extra={**RARE, "empty": "all numbers"})
    """Maps are averaged to so many places each way first, tokens to their mean if set; empty: all numbers."""

    @property
    def learns(self) -> bool:
        return True

    def numbers(self, shape: Shape, classes: int) -> int:
        return classes * features.width(shape, self.pool)

    def init(self, shape: Shape, classes: int, rng: Generator) -> Parameters:
        """matrix (K, F), F features a row."""
        import torch

        matrix = torch.empty(classes, features.width(shape, self.pool), device=rng.device)
        return {"matrix": matrix.normal_(generator=rng)}

    def scores(self, h: Tensor, p: Parameters) -> Tensor:
        """(R, …) to (R, K)."""
        rows = length.divide(features.flat(h, self.pool), *UNIT)
        return rows @ length.divide(p["matrix"], *UNIT).T / self.temperature

    def pull(self, h: Tensor, p: Parameters, slope: Tensor) -> tuple[Tensor, Parameters]:
        """dL/dh (R, H) and dL/dp from dL/dscores (R, K)."""
        if h.ndim > 2:
            return super().pull(h, p, slope)
        matrix, slope = p["matrix"], slope / self.temperature
        dh = length.pull(h, slope @ length.divide(matrix, *UNIT), *UNIT)
        return dh, {"matrix": length.pull(matrix, slope.T @ length.divide(h, *UNIT), *UNIT)}


class PatchProjection(_ClassRows, title="Patch energies, projected"):
    """One score a class: the energies of all patches, projected by a fixed random matrix and a fixed bias.

    An energy is the mean of the squares in a patch.
    """

    cites: ClassVar[str] = "ASGE (Gong, Staszewski, Xu 2026)"
    kind: Literal["patch_projection"] = "patch_projection"
    patch: int = Field(4, ge=1, le=1024, title="Patch")
    """Size: so many places each way of each channel of maps, so many neighbouring units, or numbers of each token. Fine
    in lower layers and coarse in upper ones, or one size for all."""

    def numbers(self, shape: Shape, classes: int) -> int:
        return classes * (self._energies(shape) + 1)

    def init(self, shape: Shape, classes: int, rng: Generator) -> Parameters:
        """matrix (K, E) and bias (K,) for E patches, uniform between ±1/√E as torch.nn.Linear starts."""
        import torch

        count = self._energies(shape)
        matrix, bias = torch.empty(classes, count, device=rng.device), torch.empty(classes, device=rng.device)
        bound = count**-0.5
        return {
            "matrix": matrix.uniform_(-bound, bound, generator=rng),
            "bias": bias.uniform_(-bound, bound, generator=rng),
        }

    def scores(self, h: Tensor, p: Parameters) -> Tensor:
        """(R, …) to (R, K)."""
        import torch.nn.functional as F

        maps = h.square() if h.ndim == 4 else h.square()[:, None] if h.ndim == 3 else h.square()[:, None, None]
        high, wide = (min(self.patch, side) for side in maps.shape[2:])
        size = (high if h.ndim == 4 else 1, wide)
        energies = F.avg_pool2d(maps, size, ceil_mode=True, count_include_pad=False)
        return energies.reshape(len(h), -1) @ p["matrix"].T + p["bias"]

    def _energies(self, shape: Shape) -> int:
        """Patches of an activity of that shape; the last of a row may be smaller."""
        if len(shape) == 3:
            return shape[0] * prod(ceil(side / min(self.patch, side)) for side in shape[1:])
        return prod(shape[:-1]) * ceil(shape[-1] / min(self.patch, shape[-1]))

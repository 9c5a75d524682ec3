"""Losses beside that of the row: what images of a batch should look like next to each other. Imports no torch at module
level.

A term reads a layer's features through a small head of its own, whose parameters are the layer's (`t0.…` for the first
term). It compares images with images, so that a batch goes through whole.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from math import prod
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from trainer.axes.base import RARE, Value
from trainer.blocks import features
from trainer.blocks.base import Shape

if TYPE_CHECKING:
    from torch import Generator, Tensor

    Parameters = dict[str, Tensor]

EPS = 1e-8
"""Added to a length before it divides, and to a variance under a root."""
NEVER = -1e9
"""A logit that takes no part; finite, so that an image alone has a loss of 0."""


class Term(Value, ABC):
    """A weighted loss of a layer's features h (B, …) and the labels y (B,)."""

    weight: float = Field(0.5, gt=0, le=1, title="Weight")
    """Share of the layer's loss; what all terms leave of 1 is the share of the rows' own loss."""

    @abstractmethod
    def parts(self, shape: Shape) -> dict[str, Shape]:
        """Shapes of the head's weights for an activity of that shape."""

    def numbers(self, shape: Shape) -> int:
        """How many numbers the head learns."""
        return sum(map(prod, self.parts(shape).values()))

    def init(self, shape: Shape, rng: Generator) -> Parameters:
        """The head's weights, normal with variance 1/fan-in, on the generator's device."""
        import torch

        drawn = {}
        for name, form in self.parts(shape).items():
            weight = torch.empty(form, device=rng.device)
            drawn[name] = weight.normal_(0, prod(form[1:]) ** -0.5, generator=rng)
        return drawn

    @abstractmethod
    def loss(self, h: Tensor, y: Tensor, classes: int, p: Parameters) -> Tensor:
        """A scalar: a mean over the images or over their pairs."""


class Similarity(Term, title="Similarity"):
    """Images of a class should be similar: the cosines between all images' features against those between their labels.

    The mean squared difference of the two matrices. Features are a linear map of the activity (of maps a 3 × 3
    convolution, then each channel's deviation over the places; of tokens their mean first), each centred, as are the
    one-hot labels.
    """

    cites: ClassVar[str] = "the similarity loss of Nøkland & Eidnes 2019 (PredSim: 0.99 of it and 0.01 of the rows')"
    kind: Literal["similarity"] = "similarity"

    def parts(self, shape: Shape) -> dict[str, Shape]:
        channels = shape[1] if len(shape) == 2 else shape[0]
        return {"map": (channels, channels, 3, 3) if len(shape) == 3 else (channels, channels)}

    def loss(self, h: Tensor, y: Tensor, classes: int, p: Parameters) -> Tensor:
        import torch
        import torch.nn.functional as F

        if h.ndim == 4:
            maps = F.conv2d(h, p["map"], padding=1).flatten(2)
            rows = (maps.var(2) + EPS).sqrt() if maps.shape[2] > 1 else maps.flatten(1)
        else:
            rows = (h.mean(1) if h.ndim == 3 else h) @ p["map"].T
        wanted = torch.where(y[:, None] == y, 1.0, -1.0 / (classes - 1)).to(rows.dtype)
        return F.mse_loss(cosines(rows - rows.mean(1, keepdim=True)), wanted)


class Contrast(Term, title="Supervised contrast"):
    """An image's features should single out the images of its class among all others of the batch.

    −log of the softmax over the cosines to all other images, a mean over those of the class; features
    are a linear projection of the activity.
    """

    cites: ClassVar[str] = "Khosla et al. 2020; beside class rows HCL-FF (Yao, Chen, Kuo 2026)"
    kind: Literal["contrast"] = "contrast"
    temperature: float = Field(0.2, gt=0, le=1000, title="Temperature τ")
    """Divides the cosines: below 0.1 only the nearest images count."""
    width: int = Field(128, ge=1, le=65_536, title="Projected to", json_schema_extra={"unit": "numbers", **RARE})
    """Numbers that an image's activity is projected to."""
    pool: int | None = Field(None, ge=1, le=1024, title="Pooled to", json_schema_extra={**RARE, "empty": "all numbers"})
    """Maps are averaged to so many places each way first, tokens to their mean if set; empty: all numbers."""

    def parts(self, shape: Shape) -> dict[str, Shape]:
        return {"project": (self.width, features.width(shape, self.pool))}

    def loss(self, h: Tensor, y: Tensor, classes: int, p: Parameters) -> Tensor:
        import torch

        itself = torch.eye(len(y), dtype=torch.bool, device=y.device)
        near = cosines(features.flat(h, self.pool) @ p["project"].T) / self.temperature
        logs = near.masked_fill(itself, NEVER).log_softmax(1)
        mates = (y[:, None] == y) & ~itself
        count = mates.sum(1)
        each = -(logs * mates).sum(1) / count.clamp(min=1)
        return each.sum() / (count > 0).sum().clamp(min=1)


AnyTerm = Annotated[Similarity | Contrast, Field(discriminator="kind")]


def cosines(rows: Tensor) -> Tensor:
    """Cosines between all rows (B, F), (B, B)."""
    import torch

    unit = rows / (torch.linalg.vector_norm(rows, dim=1, keepdim=True) + EPS)
    near: Tensor = unit @ unit.T
    return near

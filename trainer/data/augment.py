"""Images drawn with a change made to each anew, on the device and by its generator, so that a resumed run repeats it.

Every image of a batch gets a change of its own. What comes in over the edge repeats it (`shift`) or is black (`crop`).
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from trainer.axes.data import Augment

REACH = 4
"""Pixels by which a crop moves at most; and its padding."""
DEGREES = 15.0


class Augmenter:
    """Draws images by index from one tensor (N, H, W, C), each changed as `kind` says."""

    def __init__(self, images: Tensor, kind: Augment) -> None:
        self._images, self._kind = images, kind
        self._black = images.amin((0, 1, 2)) if kind.startswith("crop") else None  # standardised images have no zero

    def draw(self, index: Tensor, rng: Generator) -> Tensor:
        """The images of `index` (B,) as (B, H, W, C), changed."""
        match self._kind:
            case "none":
                return self._images[index]
            case "shift" | "shift2":
                return self._shifted(index, 1 if self._kind == "shift" else 2, rng)
            case "flip":
                rows, columns = self._places(len(index), index.device)
                return _taken(self._images, index, rows, _mirrored(columns, rng))
        assert self._black is not None
        x = self._cropped(self._images[index] - self._black, rng)
        return (x if self._kind == "crop_flip" else _turned(x, rng)) + self._black

    def _places(self, count: int, device: torch.device) -> tuple[Tensor, Tensor]:
        """The rows (B, H) and columns (B, W) of `count` images as they are."""
        _, height, width, _ = self._images.shape
        rows, columns = torch.arange(height, device=device), torch.arange(width, device=device)
        return rows.expand(count, -1), columns.expand(count, -1)

    def _shifted(self, index: Tensor, reach: int, rng: Generator) -> Tensor:
        """Each image moved by -reach … reach pixels each way; what comes in repeats the edge."""
        moves = torch.randint(-reach, reach + 1, (2, len(index), 1), generator=rng, device=index.device)
        rows, columns = (part + move for part, move in zip(self._places(len(index), index.device), moves, strict=True))
        _, height, width, _ = self._images.shape
        return _taken(self._images, index, rows.clamp_(0, height - 1), columns.clamp_(0, width - 1))

    def _cropped(self, x: Tensor, rng: Generator) -> Tensor:
        """Each image (B, H, W, C) moved by up to REACH pixels each way; what comes in is zero."""
        moves = torch.randint(0, 2 * REACH + 1, (2, len(x), 1), generator=rng, device=x.device)
        rows, columns = (part + move for part, move in zip(self._places(len(x), x.device), moves, strict=True))
        if self._kind == "crop_flip":
            columns = _mirrored(columns, rng)
        padded = F.pad(x, (0, 0, REACH, REACH, REACH, REACH))
        return _taken(padded, torch.arange(len(x), device=x.device), rows, columns)


def _taken(images: Tensor, index: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """Of the images `index` (B,) these rows (B, H) and columns (B, W), as (B, H, W, C)."""
    _, height, width, channels = images.shape
    places = (index[:, None] * height + rows)[:, :, None] * width + columns[:, None, :]
    return images.view(-1, channels).index_select(0, places.view(-1)).view(*places.shape, channels)


def _mirrored(columns: Tensor, rng: Generator) -> Tensor:
    """The columns (B, W) of each image in the order they are, or from right to left."""
    turned = torch.randint(0, 2, (len(columns), 1), generator=rng, device=columns.device, dtype=torch.bool)
    return torch.where(turned, columns.flip(1), columns)


def _turned(x: Tensor, rng: Generator) -> Tensor:
    """Each image (B, H, W, C) turned about its centre by up to DEGREES either way, between its pixels linearly."""
    _, height, width, _ = x.shape
    angle = (torch.rand(len(x), generator=rng, device=x.device) * 2 - 1) * math.radians(DEGREES)
    cos, sin, none = angle.cos(), angle.sin(), torch.zeros_like(angle)
    rows = torch.stack([cos, -sin * height / width, none, sin * width / height, cos, none], 1)  # in units of half sides
    planes = x.permute(0, 3, 1, 2)
    grid = F.affine_grid(rows.view(-1, 2, 3), list(planes.shape), align_corners=False)
    return F.grid_sample(planes, grid, align_corners=False).permute(0, 2, 3, 1)

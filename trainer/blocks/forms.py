"""In which form images enter a net. Imports no torch at module level."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

    from trainer.blocks.base import Shape

Image = tuple[int, int, int]
"""Height, width, channels."""


@dataclass(frozen=True)
class Form(ABC):
    """Images come as rows (B, H·W·C), channel last."""

    @abstractmethod
    def shape(self, image: Image) -> Shape:
        """Shape of one image as the net takes it."""

    @abstractmethod
    def shaped(self, x: Tensor, image: Image) -> Tensor:
        """Images x in that shape, (B, *shape)."""


class Rows(Form):
    """As they come."""

    def shape(self, image: Image) -> Shape:
        return (prod(image),)

    def shaped(self, x: Tensor, image: Image) -> Tensor:
        return x


class Maps(Form):
    """Maps (C, H, W), in channels-last order."""

    def shape(self, image: Image) -> Shape:
        return (image[2], image[0], image[1])

    def shaped(self, x: Tensor, image: Image) -> Tensor:
        return x.view(-1, *image).permute(0, 3, 1, 2)


@dataclass(frozen=True)
class Patches(Form):
    """Tokens (T, numbers of a patch): squares of `size` pixels, row by row; of a text stretches of characters."""

    size: int

    def grid(self, image: Image) -> Image:
        """Patches down and across, and numbers of one."""
        down, across = min(self.size, image[0]), min(self.size, image[1])
        return image[0] // down, image[1] // across, down * across * image[2]

    def fits(self, image: Image) -> bool:
        """Whether patches cover the image."""
        return all(side % min(self.size, side) == 0 for side in image[:2])

    def shape(self, image: Image) -> Shape:
        rows, columns, numbers = self.grid(image)
        return (rows * columns, numbers)

    def shaped(self, x: Tensor, image: Image) -> Tensor:
        (height, width, channels), (rows, columns, numbers) = image, self.grid(image)
        cut = x.view(-1, rows, height // rows, columns, width // columns, channels)
        return cut.permute(0, 1, 3, 2, 4, 5).reshape(-1, rows * columns, numbers)

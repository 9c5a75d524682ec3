"""Where an array of images has its channels: last as here, or first as in PyTorch. Imports no torch."""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy.typing as npt

Order = Literal["last", "first"]
COLOURS = (1, 3)
"""Channels that pictures have: these tell where the channels are."""


def read(name: str, shape: tuple[int, ...]) -> tuple[int, int, int, Order]:
    """Height, width, channels and their place in (N, H, W), (N, H, W, C) or (N, C, H, W).

    Raises ValueError for a shape that can be read in two ways, with the line that mends it.
    """
    if len(shape) == 3:
        return shape[1], shape[2], 1, "last"
    _, first, middle, last = shape
    front, back = first in COLOURS, last in COLOURS
    if front and back:
        raise ValueError(_either(name, shape))
    if front:
        return middle, last, first, "first"
    if back or last < min(first, middle) or first == middle:
        return first, middle, last, "last"
    raise ValueError(
        f"{name} has the shape {shape}, which reads as {last} channels of {first} × {middle}; if the channels come "
        f"first, write {name} = {name}.transpose(0, 2, 3, 1) before numpy.savez"
    )


def _either(name: str, shape: tuple[int, ...]) -> str:
    """The way out where both the second and the last axis could be the channels."""
    first, last = shape[1], shape[3]
    ways = [
        f"{name} = {name}[:, 0]" if first == 1 else f"{name} = {name}.transpose(0, 2, 3, 1)",
        f"{name} = {name}[..., 0]" if last == 1 else f"{name} = {name}.transpose(0, 2, 1, 3), which lays them down,",
    ]
    return (
        f"{name} has the shape {shape}, whose channels may be the second or the last axis; if they are the second, "
        f"write {ways[0]} before numpy.savez, if the last, {ways[1]}"
    )


def unfolded(name: str, shape: tuple[int, ...]) -> str:
    """The line that makes pictures of rows of pixels, where the pictures are square; else empty."""
    side = math.isqrt(shape[1]) if len(shape) == 2 and shape[1] > 0 else 0
    return f": {name} = {name}.reshape(-1, {side}, {side})" if side > 1 and side**2 == shape[1] else ""


def channels_last(x: npt.NDArray[Any], order: Order) -> npt.NDArray[Any]:
    """The images with their channels, if they have an axis of their own, at the end."""
    return x.transpose(0, 2, 3, 1) if order == "first" else x


def note(order: Order, shape: tuple[int, int, int]) -> str:
    """What has to be said of images that were turned; empty for those that lie as here."""
    height, width, channels = shape
    if order == "last":
        return ""
    return (
        f"The file has its channels first, (N, {channels}, {height}, {width}); it is read as {height} × {width} with "
        f"{channels} channel{'s' if channels > 1 else ''}."
    )

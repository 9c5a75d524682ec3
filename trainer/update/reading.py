"""What a layer is asked about a piece of a batch, and what it answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from torch import Tensor

if TYPE_CHECKING:
    from trainer.axes.competitors import Classes, HardWrongLabel, WrongLabel
    from trainer.nets.layer import Layer


Backward = Callable[[], None]
"""Adds a gradient to the layers' buffers; to be called once."""


@dataclass(frozen=True)
class Task:
    """B images of a batch of `count`; losses are means over the whole batch, so pieces add up to it."""

    competitors: WrongLabel | HardWrongLabel | Classes
    index: Tensor
    """Column of the true reading in each row, (B,)."""
    count: int


@dataclass(frozen=True)
class Reading:
    """A layer's answer, detached."""

    row: Tensor
    """Competing readings, (B, J)."""
    h: Tensor
    """The activity that was read, (R, H); what goes on."""


def drop(h: Tensor, mask: Tensor | None) -> Tensor:
    """h (J·B, H) times the mask (B, H) of dropout, the same for all J passes of an image."""
    return h if mask is None else (h.view(-1, *mask.shape) * mask).view_as(h)


def peer_pull(layer: Layer, h: Tensor, task: Task) -> Tensor:
    """dL/dz of peer normalisation, (H,) for every row: towards the layer's mean activity.

    Moves the running mean on: m ← 0.9 m + 0.1 mean of h over the positive rows. Source: Hinton 2022's Matlab code.
    """
    m = layer.mean_activity
    m.lerp_(h[: len(task.index)].mean(0), 0.1)
    return (m - m.mean()) * (layer.rules.peer / task.count)

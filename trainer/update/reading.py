"""What a layer is asked about a piece of a batch, and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from torch import Tensor

if TYPE_CHECKING:
    from trainer.axes.competitors import AnyCompetitors
    from trainer.nets.layer import Layer


Backward = Callable[[], None]
"""Adds a gradient to the layers' buffers; to be called once."""


@dataclass(frozen=True)
class Task:
    """B images of a batch; losses are means over the whole batch, so pieces add up to it."""

    competitors: AnyCompetitors
    y: Tensor
    """Their labels, (B,)."""
    count: int
    """Images of the batch, times the readings of each where a layer is read several times in a pass."""

    bases: Mapping[int, Tensor] = field(default_factory=dict)
    """What the context adds to the rows of a layer (from 0), (N, J)."""

    def row(self, scores: Tensor) -> Tensor:
        """Readings of all passes as rows of competitors, (N, J), N a multiple of B where there are regions."""
        return self.competitors.row(scores, self.y)

    def index(self, row: Tensor) -> Tensor:
        """Column of the true reading in each row, (N,)."""
        return self.competitors.index(row, self.y)

    def share(self, row: Tensor) -> float:
        """The weight of one of the rows (N, J) in the batch's mean."""
        return self.y.shape[0] / (row.shape[0] * self.count)


class Noise(NamedTuple):
    """Dropout's factors for one layer: the same for all passes of an image; None without dropout."""

    inputs: Tensor | None = None
    """(B, *inputs): of what enters, normalised."""
    units: Tensor | None = None
    """(B, *outputs): of the activity."""


QUIET = Noise()
"""No dropout."""


@dataclass(frozen=True)
class Reading:
    """A layer's answer, detached."""

    row: Tensor
    """Competing readings, (N, J)."""
    h: Tensor
    """The activity that was read, (R, …); what goes on."""
    base: Tensor | None = None
    """What the context adds to the row, (N, J)."""
    extra: Tensor | None = None
    """Loss beyond that of the row, a mean over the piece's images; a scalar."""

    @property
    def judged(self) -> Tensor:
        """The row as the objective sees it."""
        return self.row if self.base is None else self.row + self.base


def drop(h: Tensor, mask: Tensor | None) -> Tensor:
    """h (J·B, …) times the mask (B, …) of dropout, the same for all J passes of an image."""
    return h if mask is None else (h.view(-1, *mask.shape) * mask).view_as(h)


def peer_pull(layer: Layer, h: Tensor, task: Task) -> Tensor:
    """dL/dz of peer normalisation: towards the layer's mean activity, (1, H) where all rows are pulled, else (R, H).

    Moves the running mean on: m ← 0.9 m + 0.1 mean of h over the positive rows. Source: Hinton 2022's Matlab code.
    """
    m, positive = layer.mean_activity, task.competitors.positive(task.y)
    m.lerp_(h[positive].mean(0), 0.1)
    pull = (m - m.mean()) * (layer.rules.peer / task.count)
    if layer.rules.peer_rows == "all":
        return pull[None]
    rows = pull.new_zeros(len(h), len(pull))
    rows[positive] = pull
    return rows

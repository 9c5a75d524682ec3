"""What a rule is told when it makes the negatives of a batch, and the forms that they can have. Imports no torch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from torch import Generator, Tensor

    from trainer.negatives.rolls import Rolls

Judge = Literal["first", "all", "head"]
"""Who says how likely each label of an image is: layer 1, the sum over the layers, or the head."""
Once = Literal["FIXED_LABELS", "MASKS"]
"""The stream of chance of what is drawn once for a run."""


@dataclass(frozen=True)
class Asked:
    """A batch of B images that wants negatives."""

    images: Tensor
    """(B, H, W, C)."""
    y: Tensor
    """(B,)."""
    index: Tensor
    """Which of the training images they are, (B,)."""
    classes: int
    rng: Generator
    every_y: Tensor
    """Labels of all training images, (N,)."""
    logits: Callable[[Judge], Tensor]
    """What is thought of every label, (B, K)."""
    once: Callable[[Once, Callable[[Generator], Tensor]], Tensor]
    """What a function drew when it was first asked for; the same for the whole run."""
    rolls: Rolls | None
    """What the rule's `writes` gave."""


@dataclass(frozen=True)
class WrongLabels:
    """The images themselves under labels (count, B)."""

    labels: Tensor


@dataclass(frozen=True)
class OtherImages:
    """Images (B, D), under labels (B,) where the net sees labels; the positives are then under theirs."""

    x: Tensor
    y: Tensor


@dataclass(frozen=True)
class EveryLabel:
    """The images themselves under every label, the true one among them."""


@dataclass(frozen=True)
class Alone:
    """None: each image goes in once, without a label, and its classes compete."""


Negatives = WrongLabels | OtherImages | EveryLabel | Alone

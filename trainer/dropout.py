"""Dropout's masks: a function of seed, step, layer and image, so that they hang on no order of computation."""

from __future__ import annotations

import torch
from torch import Tensor

from trainer.chance import Stream, generator
from trainer.config import RunConfig
from trainer.nets.net import Net
from trainer.plan import Step
from trainer.sampler import Piece
from trainer.update.reading import Noise

TOGETHER = 1000
"""Images of a batch whose masks are drawn at once, however the batch is cut into pieces."""
_Kept = tuple[Tensor | None, Tensor | None]
"""Which inputs and which units of some images stay on, (B, …) of bool; None without dropout."""


class Dropout:
    """Draws the masks of a run's layers."""

    def __init__(self, config: RunConfig, net: Net, device: torch.device) -> None:
        self._rule, self._seed, self._net, self._device = config.regulariser, config.seed, net, device
        carries = config.label_code.carries_label
        self._spared = net.coder.label_place if carries else slice(0, 0)
        """The inputs that are never dropped: those of the label."""
        self._rest: dict[int, tuple[tuple[int, int], _Kept]] = {}
        """By layer (from 0): masks that the next piece goes on with, and their step and first image."""

    def noise(self, index: int, piece: Piece, step: Step) -> Noise:
        """The factors of layer `index` (from 0) for a piece: 0 for what is off, 1/(1-p) for the rest."""
        rule = self._rule
        if not rule.dropout and not (rule.input_dropout and index == 0):
            return Noise()
        end, batch = piece.first + len(piece.task.y), piece.task.count // self._net.readings
        parts: list[_Kept] = []
        for first in range(piece.first // TOGETHER * TOGETHER, end, TOGETHER):
            where = slice(max(piece.first - first, 0), end - first)
            drawn = self._drawn(index, step.number, first, min(TOGETHER, batch - first))
            parts.append(_cut(drawn, where))
            if first + TOGETHER > end and batch > end:
                self._rest[index] = (step.number, first), drawn
            else:
                self._rest.pop(index, None)
        inputs, units = (_joined(masks) for masks in zip(*parts, strict=True))
        noise = Noise(_factors(inputs, rule.input_dropout), _factors(units, rule.dropout))
        if noise.inputs is not None:
            noise.inputs[:, self._spared] = 1.0
        return noise

    def _drawn(self, index: int, step: int, first: int, images: int) -> _Kept:
        """For `images` images of the batch from `first` on."""
        if index in self._rest and self._rest[index][0] == (step, first):
            return self._rest[index][1]
        rule, block = self._rule, self._net.layers[index].block
        rng = generator(self._device, self._seed, Stream.DROPOUT, step, index, first)
        inputs = self._mask(rule.input_dropout, images, block.inputs, rng) if index == 0 else None
        return inputs, self._mask(rule.dropout, images, block.outputs, rng)

    def _mask(self, share: float, images: int, shape: tuple[int, ...], rng: torch.Generator) -> Tensor | None:
        if not share:
            return None
        return torch.rand(images, *shape, generator=rng, device=self._device) >= share


def _cut(kept: _Kept, where: slice) -> _Kept:
    inputs, units = kept
    return None if inputs is None else inputs[where], None if units is None else units[where]


def _joined(masks: tuple[Tensor | None, ...]) -> Tensor | None:
    found = [mask for mask in masks if mask is not None]
    return torch.cat(found) if len(found) > 1 else found[0] if found else None


def _factors(kept: Tensor | None, share: float) -> Tensor | None:
    return None if kept is None else kept / (1 - share)

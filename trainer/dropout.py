"""Dropout's masks: a function of seed, step, layer and piece, so that they hang on no order of computation."""

from __future__ import annotations

import torch
from torch import Tensor

from trainer.chance import Stream, generator
from trainer.config import RunConfig
from trainer.nets.net import Net
from trainer.plan import Step
from trainer.rivals import Piece
from trainer.update.reading import Noise


class Dropout:
    """Draws the masks of a run's layers."""

    def __init__(self, config: RunConfig, net: Net, device: torch.device) -> None:
        self._rule, self._seed, self._net, self._device = config.regulariser, config.seed, net, device
        carries = config.label_code.carries_label
        self._spared = net.coder.label_place if carries else slice(0, 0)
        """The inputs that are never dropped: those of the label."""

    def noise(self, index: int, piece: Piece, step: Step) -> Noise:
        """The factors of layer `index` (from 0) for a piece: 0 for what is off, 1/(1-p) for the rest."""
        rule, block = self._rule, self._net.layers[index].block
        if not rule.dropout and not (rule.input_dropout and index == 0):
            return Noise()
        rng = generator(self._device, self._seed, Stream.DROPOUT, step.number, index, piece.first)
        images = len(piece.task.y)
        inputs = self._mask(rule.input_dropout, images, block.inputs, rng) if index == 0 else None
        if inputs is not None:
            inputs[:, self._spared] = 1.0
        return Noise(inputs, self._mask(rule.dropout, images, block.outputs, rng))

    def _mask(self, share: float, images: int, shape: tuple[int, ...], rng: torch.Generator) -> Tensor | None:
        if not share:
            return None
        chance = torch.rand(images, *shape, generator=rng, device=self._device)
        return (chance >= share) / (1 - share)

"""What somebody should know of a config that is allowed but may disappoint: sentences. Imports no torch."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import TYPE_CHECKING

from trainer.arithmetic import Shapes
from trainer.capacity import size
from trainer.data.sizes import sizes
from trainer.data.words import worded

if TYPE_CHECKING:
    from trainer.config import RunConfig
    from trainer.data.family import DataInfo


def warnings(config: RunConfig, info: DataInfo) -> list[str]:
    """Sentences, the most important first."""
    return [
        worded(text, info.kind)
        for check in (_note, _download, _threshold, _readout, _overlay, _batch, _few_tests)
        for text in check(config, info)
    ]


def _note(config: RunConfig, info: DataInfo) -> Iterator[str]:
    """How the data are read, where that is not as they lie."""
    if info.note:
        yield info.note


def _download(config: RunConfig, info: DataInfo) -> Iterator[str]:
    if not info.local:
        yield f"{info.title} is downloaded first: {size(info.bytes)}."


def _threshold(config: RunConfig, info: DataInfo) -> Iterator[str]:
    """θ belongs to the reduction: about 1 to 2 for a mean, about the layer's width for a sum."""
    for layer, block in enumerate(Shapes(config, info).blocks, 1):
        reduce, width = getattr(config.at(layer).goodness, "reduce", None), prod(block.outputs)
        theta = getattr(config.at(layer).objective, "theta", None)
        if theta is None or reduce is None:
            continue
        if reduce == "sum" and abs(theta) < width / 50:
            yield f"Layer {layer}: θ = {theta:g} is far below its width {width}; for a sum about {width} is usual."
        if reduce == "mean" and abs(theta) > 20:
            yield f"Layer {layer}: θ = {theta:g} is far above what a mean reaches; 1 to 2 is usual."


def _readout(config: RunConfig, info: DataInfo) -> Iterator[str]:
    layers = config.depth
    if layers == 2 and config.readout.needs == "reading" and config.readout.reads(layers) == [1]:
        yield "With two layers a readout without the first is much worse in short runs; all layers is the safe choice."


def _overlay(config: RunConfig, info: DataInfo) -> Iterator[str]:
    if config.label_code.kind == "overlay" and not config.architecture.flat:
        yield (
            f"Only the windows over the first {info.classes} pixels see the label; a mean over the whole map hardly "
            "notices it, and such a net stays at chance. A class pattern or a learned channel puts it everywhere."
        )
        return
    net = Shapes(config, info)
    height, width, channels = info.shape
    hidden = height * width * channels + net.label - prod(net.blocks[0].inputs)
    if hidden and (channels > 1 or hidden > height * width * channels / 4):
        yield f"The overlaid label hides {hidden} numbers of each image; concat keeps them."


def _batch(config: RunConfig, info: DataInfo) -> Iterator[str]:
    asked, train = config.schedule.batch_size, sizes(config.data, info).train
    if asked and asked > train:
        yield f"There are {info.many(train, 'training')}, fewer than the batch of {asked:,}: an epoch is one step."


def _few_tests(config: RunConfig, info: DataInfo) -> Iterator[str]:
    test = sizes(config.data, info).test
    if test < 200:
        yield f"With {info.many(test, 'test')} one mistake is {100 / test:.2g} % of accuracy."

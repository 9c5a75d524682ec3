"""What somebody should know of a config that is allowed but may disappoint: sentences. Imports no torch."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import TYPE_CHECKING

from trainer.arithmetic import Shapes
from trainer.axes.data import Data
from trainer.capacity import size
from trainer.data.sizes import sizes
from trainer.data.words import worded
from trainer.words import plural

if TYPE_CHECKING:
    from trainer.config import RunConfig
    from trainer.data.family import DataInfo


def warnings(config: RunConfig, info: DataInfo) -> list[str]:
    """Sentences, the most important first."""
    return [
        worded(text, info.kind)
        for check in (
            _note,
            _download,
            _untrained,
            _batch_norm,
            _threshold,
            _readout,
            _overlay,
            _batch,
            _idle,
            _few_tests,
        )
        for text in check(config, info)
    ]


def _note(config: RunConfig, info: DataInfo) -> Iterator[str]:
    """How the data are read, where that is not as they lie."""
    if info.note:
        yield info.note


def _download(config: RunConfig, info: DataInfo) -> Iterator[str]:
    if not info.local:
        yield f"{info.title} is downloaded first: {size(info.bytes)}."


def _untrained(config: RunConfig, info: DataInfo) -> Iterator[str]:
    """Images are drawn in equal shares of the classes, so that so few leave some out."""
    found = sizes(config.data, info)
    if found.train < info.classes:
        left = plural(info.classes - found.train, "class is", "classes are")
        yield (
            f"{info.many(found.train, 'training')} of {info.classes:,} classes: at least {left} never trained. "
            f"{info.classes:,} or more have one of each."
        )
    if found.test < info.classes:
        left = plural(info.classes - found.test, "class is", "classes are")
        yield f"{info.many(found.test, 'test')} of {info.classes:,} classes: at least {left} never tested."


def _batch_norm(config: RunConfig, info: DataInfo) -> Iterator[str]:
    """One image has no deviation."""
    train = sizes(config.data, info).train
    alone = min(config.schedule.batch_size or train, train) == 1
    if alone and any(norm.kind == "batch" for _, norm in config.normalisation):
        yield (
            "A batch of 1 image has no mean and deviation of its own, so that batch norm does nothing of use: set "
            "schedule.batch_size to 16 or more, or another normalisation."
        )


def _idle(config: RunConfig, info: DataInfo) -> Iterator[str]:
    """Values that do nothing beside the others."""
    if info.kind == "image" and (config.data.window, config.data.prefix) != (Data().window, None):
        yield "data.window and data.prefix are of texts: on pictures they do nothing."
    shortlist = getattr(config.readout, "shortlist", None)
    if shortlist and shortlist >= info.classes:
        yield f"readout.shortlist does nothing: there are {info.classes:,} labels, and it tries {shortlist:,}."
    if config.competitors.kind == "hard_wrong_label" and info.classes == 2:
        yield "With two classes there is one wrong label only, hard or not."
    epochs = getattr(config.schedule, "epochs", None)
    for number, override in enumerate(config.layers):
        if epochs and override.window and override.window[0] >= epochs:
            yield f"layers.{number}.window begins after the last epoch: these layers never learn."


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
        yield f"The batch of {asked:,} is more than {info.many(train, 'training')}: an epoch is one step."


def _few_tests(config: RunConfig, info: DataInfo) -> Iterator[str]:
    test = sizes(config.data, info).test
    if test < 200:
        yield f"With {info.many(test, 'test')} one mistake is {100 / test:.2g} % of accuracy."

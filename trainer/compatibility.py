"""Combinations of axis values that cannot learn, refused by what the values need and give, never by a method's name.

Imports no torch.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from trainer.errors import Problem

if TYPE_CHECKING:
    from trainer.config import RunConfig
    from trainer.data.family import DataInfo


def problems(config: RunConfig) -> list[Problem]:
    """What keeps this config from learning, each with what would work; empty when nothing does."""
    checks = (_row, _label, _readout, _scope, _projection, _normalisation, _local, _spans)
    return [_problem(loc, msg) for check in checks for loc, msg in check(config)]


def data_problems(config: RunConfig, info: DataInfo) -> list[Problem]:
    """What does not fit the data set: a label code wider than the image, too few classes."""
    height, width, channels = info.shape
    pixels, classes = height * width * channels, info.classes
    found = []
    if classes < 2:
        found.append(_problem("data.name", f"{info.title} has one class only; at least two are needed to tell apart"))
    if config.label_code.carries_label and config.label_code.columns(pixels, classes)[1].stop <= classes:
        msg = f"the label of {classes} classes would cover all {pixels} pixels; concat keeps the image"
        found.append(_problem("label_code.kind", msg))
    return found


def _problem(loc: str, msg: str) -> Problem:
    return {"loc": loc, "msg": msg, "type": "combination"}


Found = Iterator[tuple[str, str]]


def _row(config: RunConfig) -> Found:
    """Competitors need a goodness that gives what they compare."""
    if config.competitors.needs == config.goodness.gives:
        return
    if config.competitors.needs == "classes":
        yield (
            "goodness.kind",
            "classes compete, but this goodness gives one number a pass; projection gives one a class",
        )
    else:
        yield (
            "competitors.kind",
            "this goodness gives a row of class scores, so classes compete: set competitors to classes, "
            "or goodness to activity",
        )


def _label(config: RunConfig) -> Found:
    """Labels compete only where they are in the input, and must not be there where classes do."""
    carried = config.label_code.carries_label
    if config.competitors.needs == "reading" and not carried:
        yield (
            "label_code.kind",
            "nothing competes: a right and a wrong label give the same input; overlay or concat puts the label in, "
            "or let classes compete",
        )
    if config.competitors.needs == "classes" and carried:
        yield "label_code.kind", "classes compete, so the label must stay out of the input: set none"


def _readout(config: RunConfig) -> Found:
    """A readout reads what the layers give, from layers that have learnt to give it."""
    layers = len(config.architecture.hidden)
    if config.readout.needs != config.goodness.gives:
        works = "candidates" if config.goodness.gives == "reading" else "sum or last"
        yield "readout.kind", f"this goodness cannot be read so: {works} would work"
        return
    reads = config.readout.reads(layers)
    if not reads:
        yield "readout.layers", "there is one layer only, so the first cannot be left out: all or last would work"
    if any(not config.scope.has_loss(layer, layers) for layer in reads):
        field = "readout.layers" if config.readout.kind == "candidates" else "readout.kind"
        yield field, "only the last layer has a loss: read the last, or set scope.losses to all"


def _scope(config: RunConfig) -> Found:
    """A whole net learns at once."""
    if not config.scope.local and not config.schedule.at_once:
        yield "schedule.kind", "scope whole trains all layers together, not one after another: set joint"
    if not config.scope.local and getattr(config.schedule, "activities", "before") == "after":
        yield "schedule.activities", "scope whole has one pass for all layers: set before"


def _projection(config: RunConfig) -> Found:
    """What is frozen must not start at zero."""
    if config.goodness.kind != "projection" or config.goodness.trained:
        return
    if config.goodness.start == "zero":
        yield "goodness.start", "a frozen projection that is zero gives no scores: set normal, or train it"
    if config.goodness.bias:
        yield "goodness.bias", "the bias of a frozen projection stays zero: leave it out, or train the projection"


def _normalisation(config: RunConfig) -> Found:
    """A goodness that is a length dies where lengths are made equal before it."""
    if config.normalisation.before.removes_length and config.goodness.reads_length:
        yield (
            "normalisation.before.kind",
            "the goodness is the activity's length, which this normalisation makes equal for all rows: set none, "
            "or goodness.power to 1",
        )


def _local(config: RunConfig) -> Found:
    """What only layers that learn alone can have."""
    if config.regulariser.peer and not config.scope.local:
        yield "regulariser.peer", "peer normalisation belongs to layers that learn alone: set 0, or scope layer"


def _spans(config: RunConfig) -> Found:
    """Overrides name layers that are there."""
    layers = len(config.architecture.hidden)
    for number, override in enumerate(config.layers):
        first, last = override.ends()
        if not 1 <= first <= (last or layers) <= layers:
            yield f"layers.{number}.span", f"the net has layers 1 to {layers}; {override.span} leaves them"

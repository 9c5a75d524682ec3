"""Which goodness, objective, context and hand-over fit beside each other and into a layer's shape. Imports no torch.

The part of compatibility.py that is about what layers read of themselves and tell each other.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from trainer.arithmetic import Shapes
from trainer.axes.readout import AnyChooser
from trainer.clash import Found, clash, misplaced

if TYPE_CHECKING:
    from trainer.blocks.base import Block
    from trainer.config import RunConfig
    from trainer.data.family import DataInfo


def values(config: RunConfig) -> Found:
    """What does not fit whatever the data."""
    for check in (_moments, _projection, _black_box, _context, _terms, _choosing):
        yield from check(config)


def shapes(config: RunConfig, info: DataInfo) -> Found:
    """What a goodness cannot read in the layers' shapes."""
    for layer, block in enumerate(Shapes(config, info).blocks, 1):
        wrong = config.at(layer).goodness.misfit(block.outputs, info.classes)
        if wrong and config.reach(layer - 1) is not None:
            yield misplaced(place(config, layer, "goodness"), f"layer {layer}", wrong)
            return
        yield from _norms(config, layer, block, info.classes)


def _norms(config: RunConfig, layer: int, block: Block, classes: int) -> Found:
    """What a normalisation cannot cut in what enters `layer` (from 1) or in its activity."""
    slots = {"input" if layer == 1 else "handover": block.inputs, "before": block.outputs}
    for slot, shape in slots.items():
        if wrong := getattr(config.normalisation, slot).misfit(shape, classes):
            yield misplaced(f"normalisation.{slot}", f"layer {layer}", wrong)


def place(config: RunConfig, layer: int, axis: str) -> str:
    """Path of what holds for `layer` (from 1) on an axis: the run's, or the last override's that names it."""
    owners = [n for n, o in enumerate(config.layers) if o.covers(layer) and getattr(o, axis) is not None]
    return f"layers.{owners[-1]}.{axis}" if owners else axis


def layers(config: RunConfig) -> Iterator[tuple[int, str]]:
    """One layer (from 1) of each kind of settings, and where its settings stand in the config."""
    seen = []
    for layer in range(1, config.depth + 1):
        settings = config.at(layer)
        kind = settings.competitors, settings.goodness
        if kind not in seen:
            seen.append(kind)
            owner = [n for n, o in enumerate(config.layers) if o.covers(layer) and (o.competitors or o.goodness)]
            yield layer, f"layers.{owner[-1]}." if owner else ""


def _each(config: RunConfig, axis: str) -> Iterator[tuple[int, str]]:
    """One layer (from 1) for each place in the config that says something on an axis, and that place."""
    places = {place(config, layer, axis): layer for layer in range(config.depth, 0, -1)}
    return ((layer, where) for where, layer in places.items())


def _moments(config: RunConfig) -> Found:
    """A goodness dies where what it is made of is made equal for all rows before it."""
    for layer, where in _each(config, "goodness"):
        goodness = config.at(layer).goodness
        lost = sorted(config.normalisation.before.removes & goodness.reads)
        if not lost or config.reach(layer - 1) is None:
            continue
        works, others = "set normalisation.before to none, or choose another goodness", []
        if "length" in lost and where == "goodness" and hasattr(goodness, "power"):
            works, others = "set none, or goodness.power to 1", [{"goodness.power": 1}]
        msg = f"the goodness is the activity's {lost[0]}, which this normalisation makes equal for all rows: {works}"
        yield clash("normalisation.before.kind", msg, "none", others=others)


def _projection(config: RunConfig) -> Found:
    """What is frozen must not start at zero."""
    for layer, where in _each(config, "goodness"):
        goodness = config.at(layer).goodness
        if goodness.kind != "projection" or goodness.trained:
            continue
        if goodness.start == "zero":
            msg = "a frozen projection that is zero gives no scores: set normal, or train it"
            yield clash(f"{where}.start", msg, "normal", others=[{f"{where}.trained": True}])
        if goodness.bias:
            msg = "the bias of a frozen projection stays zero: leave it out, or train the projection"
            yield clash(f"{where}.bias", msg, False, others=[{f"{where}.trained": True}])


def _black_box(config: RunConfig) -> Found:
    """No gradient passes a black box between two layers."""
    box = config.normalisation.handover
    if box.differentiable or not any(_crossed(config, layer) for layer in range(1, config.depth)):
        return
    msg = (
        f"a gradient would pass this hand-over, and backprop needs the derivative of every step; {box.kind} has none. "
        "FF layers learn alone and do not mind: set scope to layer"
    )
    yield clash("normalisation.handover.kind", msg, "none", others=[{"scope.kind": "layer"}])


def _crossed(config: RunConfig, layer: int) -> bool:
    """Whether a loss on `layer` (from 0) or above it reaches below it."""
    depths = (config.reach(above) for above in range(layer, config.depth))
    return any(depth is not None and depth < layer for depth in depths)


def _context(config: RunConfig) -> Found:
    """Goodness is added only where all layers read the same passes."""
    if config.context.kind == "own":
        return
    settings = [config.at(layer) for layer in range(1, config.depth + 1)]
    if any(each.goodness.gives != "reading" for each in settings):
        works = "set context to own, or let labels compete with goodness activity"
        yield clash("context.kind", f"class scores of other layers say nothing of a pass: {works}", "own")
    elif len({each.competitors for each in settings}) > 1:
        msg = "only layers that read the same passes, from below up, can add their goodness: set own"
        yield clash("context.kind", msg, "own")
    if config.context.kind != "below" and not config.schedule.at_once:
        msg = "layers above have not learnt when one layer learns after another: set below, or joint"
        yield clash("context.kind", msg, "below", others=[{"schedule.kind": "joint"}])
    if config.depth == 1:
        yield clash("context.kind", "there is one layer only: set own", "own")


def _terms(config: RunConfig) -> Found:
    """A term compares images, so a layer may see each of them once."""
    for layer in range(1, config.depth + 1):
        settings = config.at(layer)
        if settings.objective.terms and settings.competitors.needs != "classes":
            where = place(config, layer, "objective")
            msg = "terms compare images, and each is read several times here: let classes compete"
            yield clash(f"{where}.terms", msg, others=[{f"{place(config, layer, 'competitors')}.kind": "classes"}])
            return


def _choosing(config: RunConfig) -> Found:
    """What is chosen is chosen on images that nothing else is chosen or measured on, among more than one answer."""
    readout = config.readout
    if not isinstance(readout, AnyChooser):
        return
    if not config.data.valid_size:
        msg = "the readout chooses on validation images: set some aside, or take another readout"
        yield clash("data.valid_size", msg)
    if readout.kind == "range":
        if config.depth == 1:
            msg = "there is one layer only, so there is no range to choose: last would work"
            yield clash("readout.kind", msg, "last")
    elif readout.other == "nothing":
        if readout.slower is None:
            msg = "there is nothing to choose from: set 0.1, other to scores, or readout to softmax"
            yield clash("readout.slower", msg, 0.1, others=[{"readout.other": "scores"}, {"readout.kind": "softmax"}])
    elif readout.other != "scores":
        if config.depth == 1:
            msg = "there is one layer only, which a softmax reads already: set readout to softmax"
            yield clash("readout.other", msg, others=[{"readout.kind": "softmax"}])
    elif any(config.at(layer).goodness.gives != "classes" for layer in range(1, config.depth + 1)):
        msg = "not all layers give class scores of their own: set each, skip_first or last"
        yield clash("readout.other", msg, "each", "skip_first", "last")

"""Combinations of axis values that cannot learn, refused by what the values need and give, never by a method's name.

Imports no torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainer import data_fit, fitting
from trainer.clash import Found, clash
from trainer.errors import Changes, Problem

if TYPE_CHECKING:
    from trainer.config import RunConfig
    from trainer.data.family import DataInfo


def problems(config: RunConfig) -> list[Problem]:
    """What keeps this config from learning, each with what would work; empty when nothing does."""
    outside = [found for check in (_spans, _code) for found in check(config)]
    if outside:
        return outside
    checks = (
        _top_down,
        _rows,
        _readout,
        _head,
        _schedule,
        _scopes,
        fitting.values,
        _shortcuts,
        _pixels,
        _peer,
        _memory,
    )
    return [found for check in checks for found in check(config)]


def data_problems(config: RunConfig, info: DataInfo) -> list[Problem]:
    """What does not fit the data set: a label code wider than the image, too few classes, images for text."""
    return list(data_fit.problems(config, info)) or list(fitting.shapes(config, info))


def _spans(config: RunConfig) -> Found:
    """Overrides name layers that are there, and epochs in order."""
    for number, override in enumerate(config.layers):
        first, last = override.ends()
        if not 1 <= first <= (last or config.depth) <= config.depth:
            yield clash(f"layers.{number}.span", f"the net has layers 1 to {config.depth}; {override.span} leaves them")
        window = override.window
        if window and not 0 <= window[0] < window[1]:
            yield clash(f"layers.{number}.window", "the first epoch counts from 0 and comes before the last")


def _code(config: RunConfig) -> Found:
    """A code for rows of numbers has no place among maps."""
    if config.label_code.flat and not config.architecture.flat:
        msg = "this net takes images as maps: pattern or channel puts the label beside every pixel"
        yield clash("label_code.kind", msg, "pattern", "channel")


def _top_down(config: RunConfig) -> Found:
    """What a net whose layers see each other tick by tick asks of the other axes."""
    yield from config.architecture.problems()
    if not config.architecture.top_down:
        if config.label_code.above:
            msg = "no layer of this net looks up: overlay or concat puts the label into the input"
            yield clash("label_code.kind", msg, "overlay", "concat")
        return
    if config.label_code.carries_label and not config.label_code.above:
        msg = "the label of a recurrent net stands above its top layer: set top, or none"
        yield clash("label_code.kind", msg, "top", "none")
    settings = [config.at(layer) for layer in range(1, config.depth + 1)]
    if any(not at.scope.local for at in settings):
        yield clash("scope.kind", "no gradient runs through the ticks of a recurrent net: set layer", "layer")
    if len({at.competitors for at in settings}) > 1:
        msg = "the layers of a recurrent net see the same rows: set the same competitors for all"
        yield clash("competitors.kind", msg)
    if config.schedule.kind != "joint" or config.schedule.activities != "before":
        msg = "in a recurrent net every layer needs the others: set joint, activities before"
        joint = config.schedule.kind == "joint"
        yield clash(
            "schedule.kind", msg, others=[{"schedule.activities": "before"} if joint else {"schedule.kind": "joint"}]
        )
    if slots := [slot for slot, norm in config.normalisation if norm.kind in ("batch", "permutation")]:
        msg = "a state's scale cannot hang on the tick: set rms, layer or none"
        others = [{f"normalisation.{slot}.kind": kind for slot in slots} for kind in ("rms", "layer", "none")]
        yield clash("normalisation.handover.kind", msg, others=others)
    if config.regulariser.input_dropout:
        msg = "the image is held through all ticks: set 0; dropout is for the layers"
        yield clash("regulariser.input_dropout", msg, 0.0)
    if config.context.kind != "own":
        yield clash("context.kind", "the layers of a recurrent net see each other by their states: set own", "own")


def _rows(config: RunConfig) -> Found:
    """In every layer, competitors need a goodness that gives what they compare, and something that tells them apart."""
    carried = config.label_code.carries_label
    for layer, where in fitting.layers(config):
        settings = config.at(layer)
        needs, gives = settings.competitors.needs, settings.goodness.gives
        classes = _kind_at(config, layer, "competitors", "classes")
        if needs == "classes" and gives != "classes":
            msg = "classes compete, but this goodness gives one number a pass; projection gives one a class"
            yield clash(f"{where}goodness.kind", msg, others=[_kind_at(config, layer, "goodness", "projection")])
        elif needs != gives:
            msg = (
                "this goodness gives a row of class scores, so classes compete: set competitors to classes, "
                "or goodness to activity"
            )
            others = [classes, _kind_at(config, layer, "goodness", "activity")]
            yield clash(f"{where}competitors.kind", msg, others=others)
        if settings.competitors.varies == "label" and not carried:
            msg = (
                "nothing competes: a right and a wrong label give the same input; overlay or concat puts the label in, "
                "or let classes compete"
            )
            yield clash("label_code.kind", msg, "overlay", "concat", others=[classes])
    if (
        carried
        and not config.readout.learns
        and all(config.at(layer).competitors.varies == "nothing" for layer in range(1, config.depth + 1))
    ):
        msg = "classes compete in every layer, so the label must stay out of the input: set none"
        yield clash("label_code.kind", msg, "none")


def _kind_at(config: RunConfig, layer: int, axis: str, kind: str) -> Changes:
    """The change that gives `layer` (from 1) another kind on an axis."""
    return {f"{fitting.place(config, layer, axis)}.kind": kind}


def _readout(config: RunConfig) -> Found:
    """A readout reads what the layers give, from layers that have learnt to give it."""
    reads = config.readout.reads(config.depth)
    if not reads:
        msg = "there is one layer only, so the first cannot be left out: all or last would work"
        yield clash("readout.layers", msg, "all", "last")
    if config.readout.learns:
        return
    given = [config.at(layer + 1).goodness.gives for layer in reads]
    if any(gives != config.readout.needs for gives in given):
        last = config.at(config.depth).goodness.gives == "classes"
        works, kinds = "last, or a softmax head,", ["last", "softmax"] if last else ["softmax"]
        if given[-1] == "reading" and config.label_code.carries_label:
            works, kinds = "candidates", ["candidates"]
        if set(given) == {"classes"}:
            works, kinds = "sum or last", ["sum", "last"]
        yield clash("readout.kind", f"this goodness cannot be read so: {works} would work", *kinds)
    elif config.readout.needs == "reading" and not config.label_code.carries_label:
        msg = "without a label in the input no label can be tried: a softmax head or probes would work"
        yield clash("readout.kind", msg, "softmax", "probe")
    if any(config.reach(layer) is None for layer in reads):
        msg = "not all of these layers have a loss: read the last, or set scope.losses to all"
        others: list[Changes] = [{"scope.losses": "all"}] if config.scope.kind == "whole" else []
        if config.readout.kind == "candidates":
            yield clash("readout.layers", msg, "last", others=[*others, {"readout.kind": "last"}])
        else:
            yield clash("readout.kind", msg, "last", others=others)


def _head(config: RunConfig) -> Found:
    """Negatives drawn by the head's beliefs need a head that learns beside."""
    if config.readout.learns and not getattr(config.readout, "epochs", None):
        return
    head: Changes = {"readout.epochs": None} if config.readout.learns else {"readout.kind": "softmax"}
    for layer, where in fitting.layers(config):
        competitors = config.at(layer).competitors
        if competitors.judge == "head":
            msg = "there is no head to ask: set readout to softmax, learning with the net; or from to first"
            first = {f"{fitting.place(config, layer, 'competitors')}.from": "first"}
            yield clash(f"{where}competitors.from", msg, others=[head, first])
        elif competitors.asks_head:
            msg = "there is no head that could write: set readout to softmax, learning with the net"
            yield clash(f"{where}competitors.kind", msg, others=[head])


def _schedule(config: RunConfig) -> Found:
    """What a gradient joins learns at once; windows belong to such schedules."""
    kinds = {config.at(layer).scope.kind for layer in range(1, config.depth + 1)}
    if "pair" in kinds and not config.schedule.at_once:
        msg = "overlapping pairs learn together, not one after another: set joint or alternating"
        yield clash("schedule.kind", msg, "joint", "alternating")
    if kinds == {"whole"} and not config.schedule.at_once:
        msg = "scope whole trains all layers together, not one after another: set joint"
        yield clash("schedule.kind", msg, "joint")
    if kinds != {"layer"} and config.schedule.recomputes:
        msg = "where a gradient passes between layers there is one pass for all: set before"
        yield clash("schedule.activities", msg, "before")
    if config.schedule.kind == "alternating" and kinds != {"pair"}:
        msg = "alternating shifts pairs of layers from step to step: set scope to pair, or joint"
        yield clash("schedule.kind", msg, others=[{"scope.kind": "pair"}, {"schedule.kind": "joint"}])
    if not config.schedule.at_once and any(override.window for override in config.layers):
        msg = "windows of epochs are for layers that could learn at once: set joint"
        yield clash("schedule.kind", msg, "joint")


def _scopes(config: RunConfig) -> Found:
    """Gradients stay among layers that see the same rows."""
    for span in config.spans():
        scope = config.at(span.start + 1).scope
        if scope.kind == "block" and len(span) == 1:
            yield clash("scope.kind", "a block needs at least two neighbouring layers: set layer", "layer")
        if scope.kind == "pair" and len(span) == 1:
            msg = "a pair needs two neighbouring layers of this scope: set layer, or add a layer"
            yield clash("scope.kind", msg, "layer")
        slots = (config.normalisation.input, config.normalisation.handover, config.normalisation.before)
        if getattr(scope, "recompute", False) and any(norm.remembers for norm in slots):
            msg = "batch norm would count the rows twice: set it to false, or use another norm"
            yield clash("scope.recompute", msg, False)


def _pixels(config: RunConfig) -> Found:
    """Where the label stands among the pixels, it would be dropped with them."""
    if config.label_code.kind == "overlay" and not config.architecture.flat and config.regulariser.input_dropout:
        msg = "on maps the overlaid label would be dropped with the pixels: set 0, or label_code to pattern"
        yield clash("regulariser.input_dropout", msg, 0.0, others=[{"label_code.kind": "pattern"}])


def _shortcuts(config: RunConfig) -> Found:
    """What enters a layer is normalised once for the layer and once for the shortcut."""
    if getattr(config.architecture, "shortcuts", "none") != "none" and config.normalisation.handover.remembers:
        msg = "batch norm would count a shortcut's rows twice: set group or layer"
        yield clash("normalisation.handover.kind", msg, "group", "layer")


def _memory(config: RunConfig) -> Found:
    """Layers that wait while another is at work must not be needed by it."""
    if config.memory.kind != "streamed":
        return
    if config.architecture.top_down:
        msg = "the layers of a recurrent net look at each other in every tick: set resident"
        yield clash("memory.kind", msg, "resident")
    elif any(not config.at(layer).scope.local for layer in range(1, config.depth + 1)):
        msg = "a gradient that runs through several layers needs all of them at once: set resident"
        yield clash("memory.kind", msg, "resident")
    elif config.label_code.learns:
        msg = "this label code learns with layer 1 and is asked before it: set resident"
        yield clash("memory.kind", msg, "resident")


def _peer(config: RunConfig) -> Found:
    """What only layers of units that learn alone can have."""
    if config.regulariser.peer and not config.architecture.flat:
        msg = "peer normalisation compares units, and a channel is on somewhere in every map: set 0"
        yield clash("regulariser.peer", msg, 0.0)
    if config.regulariser.peer and any(not config.at(layer).scope.local for layer in range(1, config.depth + 1)):
        msg = "peer normalisation belongs to layers that learn alone: set 0, or scope layer"
        yield clash("regulariser.peer", msg, 0.0, others=[{"scope.kind": "layer"}])

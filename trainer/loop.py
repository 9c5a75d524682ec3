"""Training, as the papers tell it: draw a batch, set positives and negatives side by side, let every layer learn."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from itertools import zip_longest

import torch
from torch import Tensor

from trainer.batches import Batch
from trainer.blocks.course import Visit
from trainer.nets.layer import Layer
from trainer.nets.rows import Rows
from trainer.plan import Step
from trainer.report import report
from trainer.sampler import Piece, pieces_of
from trainer.session import Session
from trainer.stages import Stage
from trainer.update import autograd, closed_form


def train(run: Session) -> None:
    """Train from where the run stands to its end. Raises Stopped (state stored) or Diverged."""
    if run.pending:
        finish(run, run.plan.step(run.counters.step))
    for step in run.plan.after(run.counters.step):
        if step.opens_phase:
            open_phase(run, step)
        started = time.perf_counter()
        run.clock.start()
        learn(run, step, run.batches.draw(step, run.rng))
        run.advance(step)
        run.counters.train_seconds += time.perf_counter() - started
        finish(run, step)


def learn(run: Session, step: Step, batch: Batch) -> None:
    """One step of everything that learns in it: the readout beside, then the layers from below."""
    run.sampler.refresh(step, run.rng)
    logits = study(run, step, batch) if run.head and run.studies(step) else None
    for stage in run.stages.of(step):
        pieces = run.sampler.pieces(stage.competitors, batch, run.rng, run.trained(step), logits)
        if stage.local:
            layer_by_layer(run, step, stage, pieces)
        else:
            together(run, step, stage, pieces)


def open_phase(run: Session, step: Step) -> None:
    """Make room for what the phase's layers learn."""
    for index in step.phase.layers:
        run.net.layers[index].wake()
    run.memory_shown = False
    run.progress(step.phase.name)


def finish(run: Session, step: Step) -> None:
    """What follows a step: points, evaluation, the end of a phase, a checkpoint, a stop."""
    report(run, step)
    if step.ends_phase:
        for index in step.phase.layers:
            run.net.layers[index].rest()
        run.save()
    elif run.save_due:
        run.save()
    run.check_stop()


def study(run: Session, step: Step, batch: Batch) -> Tensor:
    """The readout's head learns from the images alone; returns what it thought of every label, (B, K)."""
    assert run.head is not None
    said = [run.head.study(part.x, part.y, len(batch.y)) for part in pieces_of(batch, run.net.piece)]
    run.head.optimise(run.config.optimiser.curve.factor(step.done))
    run.clock.lap("update")
    return torch.cat(said)


def layer_by_layer(run: Session, step: Step, stage: Stage, pieces: Iterable[Piece]) -> None:
    """Each layer of the stage learns from its own loss and hands its activity on; nothing flows back."""
    turns = run.net.turns(stage.layers)
    for group in grouped(run, pieces):
        for visit in turns:
            learns = visit.scored and stage.reach[visit.layer - stage.layers[0]] is not None
            take_turn(run, step, visit, group, learns=learns, onward=visit is not turns[-1])


def grouped(run: Session, pieces: Iterable[Piece]) -> Iterator[list[Piece]]:
    """The pieces that go up the net side by side, layer by layer: each alone where nothing speaks against it.

    The gradients are the same, and no more than a piece's activities are alive.
    """
    for group in [list(pieces)] if run.gathers else ([piece] for piece in pieces):
        run.clock.lap("data")
        yield group


def take_turn(run: Session, step: Step, visit: Visit, group: list[Piece], *, learns: bool, onward: bool) -> None:
    """A layer reads the pieces and learns from them; with `onward` the next one gets what it made of them."""
    layer = run.net.layers[visit.layer]
    again = run.config.schedule.recomputes and learns and onward
    for piece, following in zip_longest(group, group[1:]):
        rows = piece.flow.inlet(visit)
        if following:
            following.flow.prepare()
        h = study_rows(run, step, layer, rows, piece) if learns else layer.activity(rows, layer.rules.precision)
        if onward and not again:
            piece.flow.take(visit, h)
    if learns and visit.last and group[-1].last:
        layer.optimise(layer.rules.optimiser.curve.factor(step.done))
        run.clock.lap("update", visit.layer)
    for piece in group if again else ():
        rows = piece.flow.inlet(visit)
        piece.flow.take(visit, layer.activity(rows, layer.rules.precision))
        run.clock.lap("forward", visit.layer)


def study_rows(run: Session, step: Step, layer: Layer, rows: Rows, piece: Piece) -> Tensor:
    """Add the gradient of the layer's own loss on `rows` to its buffer; returns its activity."""
    forward = closed_form.forward if layer.closed else autograd.forward
    reading, backward = forward(layer, rows, piece.task, run.dropout.noise(layer.index, piece, step), run.make)
    run.clock.lap("forward", layer.index)
    backward()
    run.clock.lap("update", layer.index)
    run.count(layer, reading, piece.task, step)
    return reading.h


def together(run: Session, step: Step, stage: Stage, pieces: Iterable[Piece]) -> None:
    """The losses' gradients run back through the layers that they reach."""
    layers = [run.net.layers[index] for index in stage.layers]
    for piece in pieces:
        run.clock.lap("data")
        rows = piece.flow.inlet(Visit(stage.layers[0]))
        noises = [run.dropout.noise(index, piece, step) for index in stage.layers]
        way = autograd.recomputed if stage.recompute else autograd.spans
        passes = way(layers, stage.reach, rows, piece.task, noises=noises, make=run.make)
        for layer, reading, h in passes:
            if reading is not None:
                run.gauges.add(layer, reading, piece.task, step.number)
            if run.logs(step):
                run.gauges.watch(layer, h)
        run.clock.lap("update")
    for place, layer in enumerate(layers):
        if any(reach is not None and reach <= place <= top for top, reach in enumerate(stage.reach)):
            layer.optimise(layer.rules.optimiser.curve.factor(step.done))
    run.clock.lap("update")

"""Training, as the papers tell it: draw a batch, set positives and negatives side by side, let every layer learn."""

from __future__ import annotations

import time
from collections.abc import Iterator

import torch
from torch import Tensor

from trainer.batches import Piece
from trainer.nets.layer import Layer
from trainer.plan import Step
from trainer.report import report
from trainer.session import Session
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
        batch = run.batches.draw(step, run.rng)
        pieces = run.rivals.pieces(batch, run.rng, trained=max(step.phase.layers) + 1)
        if run.config.scope.local:
            layer_by_layer(run, step, pieces)
        else:
            all_at_once(run, step, pieces)
        run.advance(step)
        run.counters.train_seconds += time.perf_counter() - started
        finish(run, step)


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


def layer_by_layer(run: Session, step: Step, pieces: Iterator[Piece]) -> None:
    """Each layer of the phase learns from its own loss and hands its activity on; nothing flows back."""
    waiting = list(pieces)
    run.clock.lap("data")
    for index in step.phase.layers:
        layer = run.net.layers[index]
        inputs = []
        for piece in waiting:
            rows = run.net.below(piece.rows, index) if index == step.phase.layers[0] else piece.rows
            reading, backward = closed_form.forward(layer, rows, piece.task, _mask(run, layer, len(piece.task.index)))
            run.clock.lap("forward", index)
            backward()
            run.clock.lap("update", index)
            run.count(layer, reading, piece.task, step)
            inputs.append(rows)
            piece.rows = run.net.hand_over(reading.h)
        layer.optimise(layer.rules.optimiser.curve.factor(step.done))
        run.clock.lap("update", index)
        if run.recomputes:
            for piece, rows in zip(waiting, inputs, strict=True):
                piece.rows = run.net.hand_over(layer.activity(rows, layer.rules.precision))
            run.clock.lap("forward", index)


def all_at_once(run: Session, step: Step, pieces: Iterator[Piece]) -> None:
    """Backprop: the losses' gradient runs back through the whole net."""
    net = run.net
    waiting = list(pieces)
    run.clock.lap("data")
    for piece in waiting:
        masks = [_mask(run, layer, len(piece.task.index)) for layer in net.layers]
        activities, readings, backward = autograd.whole(net, piece.rows, piece.task, masks)
        run.clock.lap("forward")
        backward()
        run.clock.lap("update")
        for layer, reading in readings:
            run.gauges.add(layer, reading, piece.task, step.number)
        if run.logs(step):
            for layer, h in zip(net.layers, activities, strict=True):
                run.gauges.watch(layer, h)
    for layer in net.layers:
        layer.optimise(layer.rules.optimiser.curve.factor(step.done))
    run.clock.lap("update")


def _mask(run: Session, layer: Layer, images: int) -> Tensor | None:
    """Dropout's factors (B, H): 0 for units that are off, 1/(1-p) for the others; None without dropout."""
    share = run.config.regulariser.dropout
    if not share:
        return None
    chance = torch.rand(images, layer.weight.shape[0], generator=run.rng, device=run.device)
    return (chance >= share) / (1 - share)

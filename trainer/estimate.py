"""What a config will need, before it runs: parameters, bytes, flops, steps, seconds. Imports no torch."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import prod
from typing import TYPE_CHECKING, Literal

from trainer import compatibility
from trainer.advice import warnings
from trainer.arithmetic import Shapes, phase_flops, phase_numbers, reading_flops, reading_numbers, reading_rows
from trainer.axes.scope import runs
from trainer.blocks.dense import Dense
from trainer.capacity import available_memory, fits
from trainer.data.sizes import problems as size_problems
from trainer.data.sizes import sizes
from trainer.pieces import READ_AT_ONCE, images_at_once

if TYPE_CHECKING:
    from trainer.config import RunConfig
    from trainer.data.family import DataInfo
    from trainer.errors import Problem

__all__ = ["Estimate", "LayerEstimate", "available_memory", "estimate", "fits", "problems", "warnings"]

Part = Literal["weights", "gradients", "optimiser", "activations", "data", "base"]
FLOAT = 4
"""Bytes of a number: weights, gradients, moments and activities are float32."""
BASE = 270 * 2**20
"""Resident bytes of a process that has imported torch and run its first products (torch 2.13 on Linux, CPU)."""
COMPILER = 190 * 2**20
"""What torch.compile and what it has compiled take besides."""

BUFFERS = 4
"""Buffers of a layer's output that live at once: activity, slope, delta, hand-over."""
WAITING = 1
"""Buffers of a dense layer's output that wait for a gradient from above: the activity, from which ReLU's slope is read.
A normalisation, dropout and any other activation keep one more each."""

RATE = (
    "CPU time of one thread, fitted to single steps of eight configs (2 to 8 layers, batches of 64 to 50,000) on a "
    "Xeon with AVX-512, torch 2.13, float32; all eight lie within a fifth"
)
FLOPS_PER_SECOND = 90e9
SECONDS_PER_LAYER_STEP = 0.6e-3
"""Of each layer in each step, whatever its size: calls, optimiser, counting."""
SECONDS_PER_LEARNT_NUMBER = 16e-9
"""Passes over an activity that learns: activation, goodness, derivative, hand-over."""
SECONDS_PER_READ_NUMBER = 5e-9


@dataclass(frozen=True)
class LayerEstimate:
    """One layer, counted from 1."""

    index: int
    name: str
    inputs: int
    outputs: int
    parameters: int


@dataclass(frozen=True)
class Estimate:
    """What a run will need."""

    layers: list[LayerEstimate]
    parameters: int
    memory_bytes: int
    """The peak of the process: the sum of `memory`, or what reading the data set takes if that is more."""
    memory: dict[Part, int]
    flops_per_image: int
    """For each image drawn in training, the mean over all phases."""
    total_flops: int
    """Of training; evaluation is apart."""
    steps: int
    seconds: float
    """Training and evaluation, with one thread; `rate` says how that speed was measured."""
    rate: str
    """How the speed behind `seconds` was measured."""


def problems(config: RunConfig, info: DataInfo) -> list[Problem]:
    """What `config` asks of the data set that it cannot give."""
    return [*size_problems(config.data, info), *compatibility.data_problems(config, info)]


def estimate(config: RunConfig, info: DataInfo) -> Estimate:
    """Count what `config` will need on the data set `info`; sizes beyond the set count as all of it."""
    layers = _layers(config, info)
    memory = _memory(config, info)
    images, flops, steps = 0, 0, 0
    for phase in config.phases():
        drawn = phase.epochs * sizes(config.data, info).train
        images += drawn
        flops += drawn * phase_flops(config, info, phase)
        steps += phase.epochs * steps_per_epoch(config, info)
    return Estimate(
        layers=layers,
        parameters=sum(layer.parameters for layer in layers),
        memory_bytes=max(sum(memory.values()), memory["base"] + memory["data"] + _files(info)),
        memory=memory,
        flops_per_image=flops // images,
        total_flops=flops,
        steps=steps,
        seconds=_seconds(config, info, flops),
        rate=RATE,
    )


def batch(config: RunConfig, info: DataInfo) -> int:
    """Images in a step."""
    train = sizes(config.data, info).train
    return min(config.schedule.batch_size or train, train)


def steps_per_epoch(config: RunConfig, info: DataInfo) -> int:
    """Steps that draw every training image once."""
    return math.ceil(sizes(config.data, info).train / batch(config, info))


def _layers(config: RunConfig, info: DataInfo) -> list[LayerEstimate]:
    net = Shapes(config, info)
    return [
        LayerEstimate(number, block.name, prod(block.inputs), prod(block.outputs), sum(_numbers(config, net, number)))
        for number, block in enumerate(net.blocks, 1)
    ]


def _numbers(config: RunConfig, net: Shapes, layer: int) -> tuple[int, int]:
    """Parameters of layer `layer` (from 1): (its own, with those of norms and a learnt label code; its goodness's)."""
    block, code, norms = net.blocks[layer - 1], config.label_code, config.normalisation
    inlet = norms.input if layer == 1 else norms.handover
    own = block.numbers + inlet.learned_numbers(block.inputs) + norms.before.learned_numbers(block.outputs)
    own += net.table if layer == 1 and code.learns else 0
    if config.reach(layer - 1) is None:
        return own, 0
    settings = config.at(layer)
    return own + settings.objective.numbers(block.outputs), settings.goodness.numbers(block.outputs, net.classes)


def _stored(config: RunConfig, net: Shapes, layer: int) -> tuple[int, int]:
    """As `_numbers`, with weights that do not exist: a net of neighbourhoods is held as whole matrices."""
    own, goodness = _numbers(config, net, layer)
    block = net.blocks[layer - 1]
    return own + block.stored - block.numbers, goodness


def _memory(config: RunConfig, info: DataInfo) -> dict[Part, int]:
    net = Shapes(config, info)
    # of layers that are streamed one is in memory: the sum over layers becomes that of the largest
    together = max if config.memory.kind == "streamed" else sum
    weights = [sum(_stored(config, net, layer)) for layer in range(1, config.depth + 1)]
    gradients, optimiser = max((_learning(config, net, phase.layers, together) for phase in config.phases()), key=sum)
    return {
        "weights": FLOAT * together(weights),
        "gradients": FLOAT * gradients,
        "optimiser": FLOAT * optimiser,
        "activations": FLOAT * max(_training(config, info), _reading(config, info)),
        "data": _images(info, sum(sizes(config.data, info))),
        "base": BASE + (COMPILER if config.compile else 0),
    }


def _learning(
    config: RunConfig, net: Shapes, layers: Sequence[int], together: Callable[[list[int]], int]
) -> tuple[int, int]:
    """(gradients, optimiser's numbers) of the `layers` (from 0) that learn in a phase; the others hold none."""
    gradients, optimiser = [0], [0]
    for layer in layers:
        own, goodness = _stored(config, net, layer + 1)
        settings = config.at(layer + 1)
        learnt = goodness if settings.goodness.learns else 0
        gradients.append(own + learnt)
        optimiser.append(len(settings.optimiser.moments) * (learnt if settings.frozen else own + learnt))
    return together(gradients), together(optimiser)


def _images(info: DataInfo, count: int) -> int:
    """Bytes of `count` images as float32 and their labels as int64."""
    height, width, channels = info.shape
    return count * (height * width * channels * FLOAT + 8)


def _files(info: DataInfo) -> int:
    """Bytes of the set's pixels as its files hold them, which are read before they become float32."""
    height, width, channels = info.shape
    return (info.train + info.test) * height * width * channels


def _training(config: RunConfig, info: DataInfo) -> int:
    """Numbers alive at the fullest moment of a step.

    What a layer computes on its way exists for one piece of the batch, of one layer where layers learn alone, of all of
    them where not. The rows between two layers exist for the whole batch where weights that have learnt from all of it
    make them; where they are streamed, those of the piece at work and of the next one are in memory.
    """
    net, images = Shapes(config, info), batch(config, info)
    passes = max(config.at(layer).competitors.passes(net.classes) for layer in range(1, config.depth + 1))
    at_once = min(images, images_at_once(config.memory, net.blocks, across=config.across))
    piece, streamed = at_once * passes, config.memory.kind == "streamed"
    sizes_ = [(prod(block.inputs), prod(block.outputs)) for block in net.blocks]
    drawn = images * sizes_[0][0] if steps_per_epoch(config, info) > 1 else 0
    if any(not config.at(layer).scope.local for layer in range(1, config.depth + 1)):
        return drawn + piece * _joined(config, net)
    gathered = streamed or config.schedule.recomputes
    first = (images if gathered else at_once) * (sizes_[0][0] - net.label)  # scaled pixels, once for all candidates
    waiting = 2 * piece if streamed else images * passes if gathered else piece
    between = [first, *(waiting * outputs for _, outputs in sizes_)]
    inside = (BUFFERS * piece * block.widest for block in net.blocks)
    standing = piece * net.states * sum(outputs for _, outputs in sizes_)
    busiest = max(below + above + own for (below, above), own in zip(pairwise(between), inside, strict=True))
    return drawn + standing + busiest


def _joined(config: RunConfig, net: Shapes) -> int:
    """Numbers of an image's activities alive at the fullest moment of a step whose gradient joins layers."""
    if not all(isinstance(block, Dense) for block in net.blocks):
        return sum(prod(block.inputs) + BUFFERS * block.widest for block in net.blocks)
    norms, drops = config.normalisation, config.regulariser.dropout > 0
    more = sum((norms.handover.kind != "none", norms.before.kind != "none", drops, config.activation.kind != "relu"))
    waiting = [(WAITING + more) * block.widest for block in net.blocks]
    widest, first = max(block.widest for block in net.blocks), prod(net.blocks[0].inputs)
    at_work = first + (BUFFERS - WAITING) * widest
    if any(getattr(config.at(layer).scope, "recompute", False) for layer in range(1, config.depth + 1)):
        cut = runs(len(waiting))
        return at_work + sum(waiting[run.start] for run in cut) + max(sum(waiting[i] for i in run) for run in cut)
    return at_work + sum(waiting)


def _reading(config: RunConfig, info: DataInfo) -> int:
    """Numbers alive while the answers of a piece of images are read: every label's rows where labels are tried."""
    net = Shapes(config, info)
    passes = net.classes if net.label else 1
    sizes_ = [(prod(block.inputs), block.widest) for block in net.blocks]
    pieces = max(1, READ_AT_ONCE // (passes * max(map(sum, sizes_)) * 2 * FLOAT))
    rows = reading_rows(config, net) * min(pieces, max(sizes(config.data, info)))
    standing = rows * net.states * sum(outputs for _, outputs in sizes_)
    return standing + max(rows * (inputs * (layer > 0) + 2 * outputs) for layer, (inputs, outputs) in enumerate(sizes_))


def _seconds(config: RunConfig, info: DataInfo, flops: int) -> float:
    """Seconds of training and evaluation, as `RATE` says."""
    train = sizes(config.data, info).train
    seconds = flops / FLOPS_PER_SECOND + _evaluating(config, info)
    for phase in config.phases():
        learnt, read = phase_numbers(config, info, phase)
        each = learnt * SECONDS_PER_LEARNT_NUMBER + read * SECONDS_PER_READ_NUMBER
        steps = phase.epochs * steps_per_epoch(config, info)
        seconds += phase.epochs * train * each + steps * (max(phase.layers, default=0) + 1) * SECONDS_PER_LAYER_STEP
    return seconds


def _evaluating(config: RunConfig, info: DataInfo) -> float:
    """Seconds of all evaluations: test and validation images and a sample of the training images, each time."""
    train, valid, test = sizes(config.data, info)
    every = config.evaluate.every_epochs or (50 if steps_per_epoch(config, info) == 1 else 1)
    epochs = sum(phase.epochs for phase in config.phases())
    sample = min(train, config.evaluate.train_images or train)
    last = test + (sample if config.evaluate.at_end == "sample" else train)
    images = (epochs // every) * (test + valid + sample) + last
    each = reading_flops(config, info) / FLOPS_PER_SECOND + reading_numbers(config, info) * SECONDS_PER_READ_NUMBER
    return images * each

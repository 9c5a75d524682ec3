"""A net built from a config: layers from the pixels up."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from torch import Generator, Tensor

from trainer.blocks.base import Block
from trainer.blocks.course import Visit
from trainer.nets.coder import Coder
from trainer.nets.flow import Flow, Stream
from trainer.nets.layer import READING, Layer, Rules, named
from trainer.nets.recurrent import Ticks
from trainer.nets.rows import Rows
from trainer.nets.shelf import Shelf
from trainer.nets.spill import Scratch, Spilled
from trainer.pieces import images_at_once

if TYPE_CHECKING:
    from trainer.axes.precision import AnyPrecision
    from trainer.config import RunConfig


@dataclass(frozen=True)
class Net:
    """Layers from the pixels up, how images become rows, and how rows go through the layers."""

    layers: list[Layer]
    coder: Coder
    course: tuple[Visit, ...]
    """The turns of a pass."""
    piece: int
    """How many images of a batch go through at once."""
    flow: Callable[[Sequence[Layer], Rows], Flow] = Stream
    coupled: bool = False
    """Whether every turn hangs on every layer, so that none can be left out."""
    severed: Mapping[str, Net] = field(default_factory=dict)
    """The same layers with something cut, by the name of what that shows."""
    shelf: Shelf | None = None
    """Where layers wait while another is at work; None: all are in the device's memory."""
    scratch: Scratch | None = None
    """Where rows wait between two layers; None: in the device's memory."""

    @property
    def readings(self) -> int:
        """How often each layer is read in a pass."""
        return sum(visit.scored for visit in self.course if visit.layer == 0)

    def start(self, rows: Rows) -> Flow:
        """A pass of `rows` beside others, as training has it."""
        return Spilled(self.layers, rows, self.scratch) if self.scratch else self.flow(self.layers, rows)

    def turns(self, layers: range) -> list[Visit]:
        """The turns in which `layers` (from 0) compute; those below them are read on the way."""
        return [visit for visit in self.course if self.coupled or visit.layer in layers]

    def climb(
        self, rows: Rows, upto: int | None = None, precision: AnyPrecision = READING
    ) -> Iterator[tuple[Layer, Tensor]]:
        """Each layer with its activity h (R, …) whenever it is read, up to number `upto` (from 0; None: all)."""
        flow, wanted = self.flow(self.layers, rows), range(len(self.layers) if upto is None else upto)
        turns = self.turns(wanted)
        for visit in turns:
            layer = self.layers[visit.layer]
            h = layer.activity(flow.inlet(visit), precision)
            if visit.scored and visit.layer in wanted:
                yield layer, h
            if visit is not turns[-1]:
                flow.take(visit, h)

    def below(self, rows: Rows, layer: int) -> Rows:
        """What layer number `layer` (from 0) gets in training when `rows` enter a net whose rows stream from below."""
        return Stream(self.layers, rows).inlet(Visit(layer))


def build(
    config: RunConfig,
    image: tuple[int, int, int],
    classes: int,
    strength: float,
    rng: Generator,
    *,
    shelf: Shelf | None = None,
) -> Net:
    """A net for images of shape (H, W, C) and `classes` classes; weights drawn from `rng`, on its device.

    `strength` is the label's value in the input, "max" resolved. With a `shelf` each layer goes there as it is made.
    """
    form, code = config.architecture.form, config.label_code
    shape = form.shape(image)
    blocks = config.architecture.blocks(code.shape(shape, classes), classes, image)
    layers = []
    for index, block in enumerate(blocks):
        layers.append(_layer(config, index, block, classes, rng))
        if shelf:
            shelf.take(layers[-1])
    table = code.table(shape, classes, rng)
    if code.learns:
        layers[0] = _layer_with(layers[0], table)
        table = layers[0].buffer.values["code.table"]
    return _wired(config, layers, Coder(code, classes, strength, image, form, table))


def _wired(config: RunConfig, layers: list[Layer], coder: Coder) -> Net:
    """The net whose layers see what the architecture lets them see."""
    architecture = config.architecture
    blocks = (layer.block for layer in layers)
    piece = images_at_once(config.memory, blocks, across=config.across, on_gpu=coder.table.is_cuda)
    if not architecture.top_down:
        return Net(layers, coder, architecture.course, piece)
    norm = config.normalisation.handover.bound(coder.classes)
    ticks = partial(Ticks, damping=architecture.settling, norm=norm)
    net = Net(layers, coder, architecture.course, piece, partial(ticks, severed=False), coupled=True)
    severed = {"no_top_down": replace(net, flow=partial(ticks, severed=True))} if len(layers) > 1 else {}
    return replace(net, severed=severed)


def _layer(config: RunConfig, index: int, block: Block, classes: int, rng: Generator) -> Layer:
    weights = block.draw(config.init, rng)
    rules, reads = _rules(config, index, classes), config.reach(index) is not None
    p = rules.goodness.init(block.outputs, classes, rng) if reads else {}
    learned = named("w", weights) | (rules.objective.init(block.outputs, rng) if reads else {})
    drawn = named("inlet", rules.inlet.drawn(block.inputs, rng))
    return Layer(index, rules, block, learned, p, device=rng.device, drawn=drawn, reads=reads)


def _layer_with(layer: Layer, table: Tensor) -> Layer:
    """The same layer with the label code's table among what it learns."""
    kept = {name: value for name, value in layer.buffer.values.items() if name.startswith(("w.", "t"))}
    learned = kept | {"code.table": table}
    return Layer(layer.index, layer.rules, layer.block, learned, layer.p, device=table.device, reads=layer.reads)


def _rules(config: RunConfig, index: int, classes: int) -> Rules:
    settings = config.at(index + 1)
    inlet = config.normalisation.handover if index else config.normalisation.input
    return Rules(
        competitors=settings.competitors,
        goodness=settings.goodness.bound(classes),
        objective=settings.objective,
        context=config.context,
        optimiser=settings.optimiser,
        activation=config.activation,
        inlet=inlet.bound(classes),
        before=config.normalisation.before.bound(classes),
        precision=config.precision,
        weight_decay=config.regulariser.weight_decay,
        peer=config.regulariser.peer,
        peer_rows=config.regulariser.peer_rows,
        window=settings.window,
        frozen=settings.frozen,
    )

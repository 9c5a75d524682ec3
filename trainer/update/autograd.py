"""The general way: whatever the point on the axes, autograd finds the gradient, as far down as the scope reaches.

A layer's graph begins at a leaf: the activity of the layer below, cut off. A loss is sent down by hand, from layer to
layer through those leaves, and stops where its reach ends; a graph is let go when no loss needs it any more. So a layer
that learns alone, an overlapping pair, a block and the whole net are the same few lines.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from trainer.axes.scope import runs
from trainer.nets.layer import Layer, under
from trainer.nets.rows import Labelled, Plain, Rows
from trainer.update.compiled import Make, as_written
from trainer.update.reading import QUIET, Backward, Noise, Reading, Task, drop, peer_pull

Reach = Sequence[int | None]
"""Of each layer's loss: the place of the lowest layer that it moves; None where there is no loss."""


@dataclass(frozen=True)
class _Graph:
    """One layer's pass: `inlet` → `h` and, where the layer has a loss, → `loss`; all its leaves that learn."""

    inlet: Tensor
    h: Tensor
    loss: Tensor | None
    leaves: list[Tensor]


def forward(
    layer: Layer, rows: Rows, task: Task, noise: Noise = QUIET, make: Make = as_written
) -> tuple[Reading, Backward]:
    """As closed_form.forward, whose oracle it is; and for every layer whose gradient has no closed form."""
    graph, reading = _pass(layer, rows, task, noise, make)
    assert reading is not None
    return reading, lambda: _sweep([graph], [0], 0, 0)


def spans(
    layers: Sequence[Layer],
    reach: Reach,
    rows: Rows,
    task: Task,
    *,
    noises: Sequence[Noise],
    make: Make = as_written,
) -> Iterator[tuple[Layer, Reading | None, Tensor]]:
    """Send the losses of neighbouring `layers` down as far as they reach; gradients add up in the layers' buffers.

    Yields each layer, its reading, None where it has no loss, and its activity.
    """
    graphs: list[_Graph] = []
    for place, layer in enumerate(layers):
        graph, reading = _pass(layer, rows, task, noises[place], make, reads=reach[place] is not None)
        graphs.append(graph)
        for first in _ripe(reach, place):
            _sweep(graphs, reach, first, place)
        yield layer, reading, graph.h.detach()
        rows = layer.hand_over(rows, graph.h.detach().requires_grad_())


def recomputed(
    layers: Sequence[Layer],
    reach: Reach,
    rows: Rows,
    task: Task,
    *,
    noises: Sequence[Noise],
    make: Make = as_written,
) -> Iterator[tuple[Layer, Reading | None, Tensor]]:
    """As `spans` for losses that all go down to the first layer, from the last layer down and from less memory.

    Only what enters each of about √L runs of the L layers is kept; on the way back a run is computed again, and only
    its graphs are alive. Source: Chen et al. 2016.
    """
    stretches, inlets = runs(len(layers)), [rows]
    with torch.no_grad():
        for run in stretches[:-1]:
            for place in run:
                graph, _ = _pass(layers[place], rows, task, noises[place], make, reads=False)
                rows = layers[place].hand_over(rows, graph.h)
            inlets.append(rows)
    slope = None
    for run in reversed(stretches):
        rows, passed = inlets.pop(), []
        if run.start:
            rows.leaf.requires_grad_()
        for place in run:
            passed.append(_pass(layers[place], rows, task, noises[place], make, reads=reach[place] is not None))
            rows = layers[place].hand_over(rows, passed[-1][0].h.detach().requires_grad_())
        for place in reversed(run):
            graph, reading = passed.pop()
            slope, h = _send(graph, slope, further=bool(place)), graph.h.detach()
            del graph
            yield layers[place], reading, h


def _send(graph: _Graph, slope: Tensor | None, *, further: bool) -> Tensor | None:
    """Send a layer's loss, and the `slope` that comes from above, through it; returns what goes on, if it goes on."""
    heads = [(graph.h * slope).sum()] if slope is not None else []
    if graph.loss is not None:
        heads.append(graph.loss)
    wanted = graph.leaves + ([graph.inlet] if further else [])
    if wanted:
        torch.autograd.backward(heads, inputs=wanted)
    slope, graph.inlet.grad = graph.inlet.grad, None
    return slope


def _pass(
    layer: Layer, rows: Rows, task: Task, noise: Noise, make: Make, *, reads: bool = True
) -> tuple[_Graph, Reading | None]:
    """The layer's graph, and what it reads."""
    layer.at_hand()
    leaves = _leaves(layer)
    if isinstance(rows, Labelled) and "code.table" in leaves:
        rows = Plain(rows.dense(leaves["code.table"]))
    learning = [leaf for leaf in leaves.values() if leaf.requires_grad]
    z, h, n = make(_through)(layer, leaves, rows, noise)
    if not reads:
        return _Graph(rows.leaf, n, None, learning), None
    base = task.bases.get(layer.index)
    row, loss, extra = make(_read)(layer, leaves, n, base, task)
    reading = Reading(row.detach(), n.detach(), base, None if extra is None else extra.detach())
    if layer.rules.peer:
        loss = loss + (z * peer_pull(layer, h.detach(), task)).sum()
    return _Graph(rows.leaf, n, loss, learning), reading


def _through(layer: Layer, leaves: dict[str, Tensor], rows: Rows, noise: Noise) -> tuple[Tensor, Tensor, Tensor]:
    """(z, h, n) of the rows: what enters the activation, the activity, and it as the goodness sees it."""
    entered = rows.normalised(layer.rules.inlet, under("inlet", leaves), training=True).joined(layer.block)
    if noise.inputs is not None:
        entered = entered.dropped(noise.inputs)
    z, h = layer.block.forward(under("w", leaves), entered.dense(), layer.rules.activation, layer.rules.precision)
    h = drop(h, noise.units)
    return z, h, layer.rules.before.apply(h, under("before", leaves), training=True)


def _read(
    layer: Layer, leaves: dict[str, Tensor], n: Tensor, base: Tensor | None, task: Task
) -> tuple[Tensor, Tensor, Tensor | None]:
    """The competing readings (N, J); the loss, a scalar; and the part of it that does not come from the readings."""
    row = task.row(layer.rules.goodness.scores(n, under("p", leaves)))
    judged = row if base is None else row + base
    loss = layer.rules.objective.loss(judged, task.index(judged)).sum() * task.share(judged)
    extra = _terms(layer, leaves, n, row, task)
    if extra is not None:
        loss = loss * layer.rules.objective.share + extra * (len(task.y) / task.count)
    return row, loss, extra


def _terms(layer: Layer, leaves: dict[str, Tensor], n: Tensor, row: Tensor, task: Task) -> Tensor | None:
    """The weighted terms of the objective, a scalar; their classes are the competitors of `row`."""
    terms = layer.rules.objective.terms
    if not terms:
        return None
    heads = (under(f"t{number}", leaves) for number in range(len(terms)))
    losses = [t.loss(n, task.y, row.shape[1], head) * t.weight for t, head in zip(terms, heads, strict=True)]
    return torch.stack(losses).sum()


def _leaves(layer: Layer) -> dict[str, Tensor]:
    """The layer's parameters as leaves whose gradients land in its buffer; what does not learn, as it is."""
    leaves = dict(layer.values)
    for name, value in layer.buffer.values.items():
        if not layer.buffer.grads or (layer.rules.frozen and not name.startswith("p.")):
            continue
        leaves[name] = value.detach().requires_grad_()
        leaves[name].grad = layer.buffer.grads[name]
    return leaves


def _ripe(reach: Reach, place: int) -> list[int]:
    """The depths whose losses are all there once layer `place` is."""
    return [first for first in {r for r in reach if r is not None} if _top(reach, first) == place]


def _top(reach: Reach, first: int) -> int:
    """The highest layer whose loss goes down to `first`."""
    return max(place for place, depth in enumerate(reach) if depth == first)


def _sweep(graphs: Sequence[_Graph], reach: Reach, first: int, top: int) -> None:
    """Send the losses that go down to `first` from layer `top` to there."""
    slope: Tensor | None = None
    for place in range(top, first - 1, -1):
        graph = graphs[place]
        heads = [(graph.h * slope).sum()] if slope is not None else []
        if graph.loss is not None and reach[place] == first:
            heads.append(graph.loss)
        below = any(lower.leaves for lower in graphs[first:place])
        wanted = graph.leaves + ([graph.inlet] if below else [])
        again = any(depth is not None and depth <= place for depth in reach[top + 1 :])
        if wanted:
            # scalars alone: torch loads sympy for anything else, which takes seconds
            torch.autograd.backward(heads, retain_graph=again, inputs=wanted)
        if not below:
            return
        slope, graph.inlet.grad = graph.inlet.grad, None

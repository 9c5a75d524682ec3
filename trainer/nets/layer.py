"""One layer: its parameters in one flat buffer, their gradients in another, its optimiser's state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import torch
from torch import Tensor

from trainer.axes.normalisation import AnyHandover, AnyNorm
from trainer.axes.precision import AnyPrecision, Float32
from trainer.blocks.base import Block, Linear
from trainer.nets.restoring import take
from trainer.nets.rows import Plain, Rows

if TYPE_CHECKING:
    from trainer.axes.activation import AnyActivation
    from trainer.axes.competitors import AnyCompetitors
    from trainer.axes.context import AnyContext
    from trainer.axes.goodness import AnyGoodness
    from trainer.axes.objective import AnyObjective
    from trainer.axes.optimiser import AnyOptimiser
    from trainer.nets.shelf import Shelf


@dataclass(frozen=True)
class Rules:
    """The values of the axes that hold for one layer."""

    competitors: AnyCompetitors
    goodness: AnyGoodness
    objective: AnyObjective
    context: AnyContext
    optimiser: AnyOptimiser
    activation: AnyActivation
    inlet: AnyHandover
    """Of what enters: the run's input normalisation for the first layer, the hand-over's for the others."""
    before: AnyNorm
    precision: AnyPrecision
    weight_decay: float
    peer: float
    peer_rows: Literal["all", "positive"]
    window: tuple[int, int] | None
    frozen: bool


READING = Float32()
"""What readings are computed in, whatever training does, unless evaluation is asked for another."""


class Buffer:
    """Named tensors laid one after another in one flat tensor; a second one of the same form holds gradients."""

    def __init__(self, parts: dict[str, Tensor]) -> None:
        self.shapes = {name: part.shape for name, part in parts.items()}
        self.numbers = sum(part.numel() for part in parts.values())
        self.lie_in(torch.cat([part.flatten() for part in parts.values()]) if parts else torch.empty(0))
        self.rest()

    def lie_in(self, flat: Tensor) -> None:
        """Let the values be those of `flat`."""
        self.flat, self.values = flat, self._views(flat)

    def wake(self, grad: Tensor) -> None:
        """Let `grad` hold the gradients."""
        self.grad, self.grads = grad, self._views(grad)

    def rest(self) -> None:
        """Give the room of the gradients back."""
        self.grad, self.grads = self.flat.new_empty(0), dict[str, Tensor]()

    def leave(self) -> None:
        """Give all room back."""
        self.flat, self.values = self.flat.new_empty(0), {}
        self.rest()

    def _views(self, flat: Tensor) -> dict[str, Tensor]:
        if not self.shapes:
            return {}
        pieces = torch.split(flat, [shape.numel() for shape in self.shapes.values()])
        return {name: piece.view(shape) for (name, shape), piece in zip(self.shapes.items(), pieces, strict=True)}


def named(prefix: str, parts: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """`parts` under names that begin with `prefix`."""
    return {f"{prefix}.{name}": value for name, value in parts.items()}


def under(prefix: str, parts: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The inverse of `named`: those parts whose names begin with `prefix`, without it."""
    start = f"{prefix}."
    return {name.removeprefix(start): value for name, value in parts.items() if name.startswith(start)}


class Layer:
    """h = block(inlet(rows)), and a goodness read from h.

    Parameters by name: `w.…` the block's weights, `inlet.…` and `before.…` what normalisations learn, `code.table` the
    label code's table where it learns with this layer, `t0.…` the head of the objective's first term, `p.…` the
    goodness's. What does not learn is in `fixed`.
    """

    def __init__(
        self,
        index: int,
        rules: Rules,
        block: Block,
        learned: dict[str, Tensor],
        p: dict[str, Tensor],
        *,
        device: torch.device,
        drawn: dict[str, Tensor] | None = None,
        reads: bool = True,
    ) -> None:
        self.index, self.rules, self.block, self.reads = index, rules, block, reads
        inlet, before = (rules.inlet, block.inputs), (rules.before, block.outputs)
        for slot, (norm, shape) in {"inlet": inlet, "before": before}.items():
            learned |= named(slot, norm.learned(_channels(shape), device))
        trained = named("p", p) if rules.goodness.learns else {}
        self.buffer = Buffer(learned | trained)
        self.fixed = (drawn or {}) | ({} if rules.goodness.learns else named("p", p))
        for slot, (norm, shape) in {"inlet": inlet, "before": before}.items():
            self.fixed |= named(slot, norm.running(_channels(shape), device))
        self._own = self.buffer.numbers - sum(value.numel() for value in trained.values())
        self.mean_activity = torch.full((block.units,), 0.5, device=device)
        """Running mean activity of each unit, for peer normalisation (H,); starts at ½ as in Hinton's code."""
        self.state: dict[str, Tensor] = {}
        self.awake = False
        """Whether the layer has room to learn."""
        self.shelf: Shelf | None = None
        """Where the layer waits while it is not at work; None where it is always at hand."""
        self.touched = False
        """Whether it differs from what the shelf keeps."""
        self.values: dict[str, Tensor] = {}
        """All parameters and running means by name, as views."""
        self._name_parts()
        self.parameters = self._count()

    def _name_parts(self) -> None:
        self.values = self.buffer.values | self.fixed
        self.w, self.p = under("w", self.values), under("p", self.values)

    def at_hand(self) -> None:
        """See that the parameters are in memory: nothing may touch them before."""
        if self.shelf:
            self.shelf.bring(self)

    def move_in(self, room: Callable[[str, int], Tensor]) -> None:
        """Let the large tensors be those of `room`; what they hold is read afterwards."""
        self.buffer.lie_in(room("weights", self.buffer.numbers))
        if self.awake:
            self._make_room(room)
        self._name_parts()

    def move_out(self) -> None:
        """Give the large tensors back."""
        self.buffer.leave()
        self.state = {name: value for name, value in self.state.items() if not value.ndim}
        self._name_parts()

    def large(self) -> dict[str, Tensor]:
        """Weights and moments, by name."""
        return {"weights": self.buffer.flat} | {name: value for name, value in self.state.items() if value.ndim}

    @property
    def _learning(self) -> slice:
        """The part of the flat buffers that learns: a frozen layer keeps all but its goodness's, which come last."""
        return slice(self._own if self.rules.frozen else 0, None)

    @property
    def closed(self) -> bool:
        """Whether the gradient of its own loss has a closed form."""
        rules = self.rules
        learns_slot = any(name.startswith(("inlet.", "before.", "code.")) for name in self.buffer.shapes)
        return isinstance(self.block, Linear) and rules.before.pulls and not learns_slot and not rules.objective.terms

    @property
    def masked(self) -> bool:
        """Whether the slope of its goodness is 0 already where its activation would make it so."""
        pools = isinstance(self.block, Linear) and self.block.pools
        return self.rules.activation.rectifies and self.rules.goodness.fades and not pools

    def wake(self) -> None:
        """Make room for gradients and the optimiser's state, all 0: this layer is going to learn."""
        self.at_hand()
        self.awake = self.touched = True
        self._make_room(self.shelf.room if self.shelf else self._fresh)
        for value in (self.buffer.grad, *self.state.values()):
            value.zero_()

    def _make_room(self, room: Callable[[str, int], Tensor]) -> None:
        self.buffer.wake(room("gradients", self.buffer.numbers))
        numbers = len(range(*self._learning.indices(self.buffer.numbers)))
        moments = {name: room(name, numbers) for name in self.rules.optimiser.moments}
        counters = {
            name: self.state.get(name, self.buffer.flat.new_zeros(())) for name in self.rules.optimiser.counters
        }
        self.state = moments | counters

    def _fresh(self, name: str, numbers: int) -> Tensor:
        return self.buffer.flat.new_empty(numbers)

    def rest(self) -> None:
        """Give that room back: this layer has learnt."""
        self.at_hand()
        self.awake = False
        self.buffer.rest()
        self.state = {}

    @property
    def name(self) -> str:
        return self.block.name

    def _count(self) -> int:
        table = self.buffer.values.get("code.table")
        p = sum(value.numel() for value in self.p.values())
        learned = sum(
            value.numel() for slot in ("inlet", "before") for value in under(slot, self.buffer.values).values()
        )
        terms = sum(value.numel() for term in self.terms for value in term.values())
        return self.block.numbers + p + learned + terms + (0 if table is None else table.numel())

    @property
    def terms(self) -> list[dict[str, Tensor]]:
        """The parameters of the heads of the objective's terms."""
        return [under(f"t{number}", self.buffer.values) for number in range(len(self.rules.objective.terms))]

    def weight_norm(self) -> float:
        """Euclidean norm of the block's weights, biases left out."""
        self.at_hand()
        norms = [torch.linalg.vector_norm(value) for value in self.w.values() if value.ndim > 1]
        return float(torch.linalg.vector_norm(torch.stack(norms))) if norms else 0.0

    def enter(self, rows: Rows, *, training: bool = False) -> Rows:
        """The rows as the layer's normalisation lets them in, with the shortcut that ends here."""
        self.at_hand()
        return self.entered(rows, training=training)

    def entered(self, rows: Rows, *, training: bool = False) -> Rows:
        """As `enter`, for a layer that is at hand."""
        entered = rows.normalised(self.rules.inlet, under("inlet", self.values), training=training)
        return entered.joined(self.block)

    @torch.no_grad()
    def hand_over(self, rows: Rows, h: Tensor) -> Plain:
        """What the next layer gets of this one's activity on `rows`; its own normalisation lets it in.

        A shortcut goes past a layer, or begins with what enters it. No gradient takes it.
        """
        if self.block.opens:
            return Plain(h, self.enter(rows).dense())
        return Plain(h, rows.shortcut if isinstance(rows, Plain) else None)

    @torch.no_grad()
    def activity(self, rows: Rows, precision: AnyPrecision = READING) -> Tensor:
        """h (R, …), normalised where the goodness wants it so; for reading, not for learning."""
        rows = self.enter(rows)
        if isinstance(self.block, Linear):
            rows = self.block.ready(rows, precision)
            a = self.rules.activation.apply_(self.block.product(self.w, rows, precision))
            h, _ = self.block.settle(a, precision)
        else:
            h = self.block.forward(self.w, rows.dense(), self.rules.activation, precision)[1]
        return self.rules.before.apply(h, under("before", self.values))

    def scores(self, h: Tensor) -> Tensor:
        """The goodness of h: (R, 1), (R, regions) or (R, K)."""
        return self.rules.goodness.scores(h, self.p)

    def optimise(self, factor: float) -> None:
        """Take a step along the accumulated gradient, at `factor` times the learning rate, and clear it."""
        rules, part, self.touched = self.rules, self._learning, True
        if rules.weight_decay and not rules.frozen:
            for value in self.w.values():
                if value.ndim > 1:
                    value.mul_(1 - rules.optimiser.lr * factor * rules.weight_decay)
        if self.buffer.flat[part].numel():
            self.block.constrain(under("w", self.buffer.grads))
            rules.optimiser.step(self.buffer.flat[part], self.buffer.grad[part], self.state, factor)
        self.buffer.grad.zero_()

    def finite(self) -> bool:
        """Whether all parameters are numbers."""
        self.at_hand()
        return bool(self.buffer.flat.isfinite().all())

    def tensors(self) -> dict[str, Tensor]:
        """What a checkpoint has to hold, by name; what a shelf keeps is for the shelf to hold."""
        flat = {} if self.shelf else {"flat": self.buffer.flat}
        state = {name: value for name, value in self.state.items() if not (self.shelf and value.ndim)}
        return flat | {"mean_activity": self.mean_activity} | self.fixed | named("state", state)

    def restore(self, stored: Mapping[str, Tensor]) -> None:
        """Take what `tensors` gave, and whether the layer was awake, from a checkpoint."""
        if stored["awake"]:
            self.wake()
        take(self.tensors(), stored)


def _channels(shape: tuple[int, ...]) -> int:
    """Channels of rows of that shape: units, maps, or a token's numbers."""
    return shape[1] if len(shape) == 2 else shape[0]

"""In which order a pass goes through the layers. Imports no torch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Visit:
    """One turn of a layer (from 0) in a pass of the net."""

    layer: int
    scored: bool = True
    """Whether the goodness of this turn counts: it is learnt from and read."""
    last: bool = True
    """The layer's last scored turn: after it the layer takes its step."""
    settles: bool = True
    """Whether what has been computed since the last such turn is taken over after it."""
    upward: bool = False
    """Whether only what stands below enters."""


def once(layers: int) -> tuple[Visit, ...]:
    """Each layer in its turn, from the first up."""
    return tuple(Visit(layer) for layer in range(layers))


def ticks(layers: int, count: int, scored: tuple[int, int], *, upward: bool, in_place: bool) -> tuple[Visit, ...]:
    """All layers in each of `count` ticks, of which those from `scored[0]` to `scored[1]` (from 1) count.

    All take over at the end of the tick; `in_place` the even layers (from 0) do so first, then the odd ones.
    `upward`: a pass from below comes before the first tick.
    """
    start = [Visit(layer, scored=False, last=False, upward=True) for layer in range(layers) if upward]
    return (*start, *(visit for tick in range(1, count + 1) for visit in _tick(layers, tick, scored, in_place)))


def _tick(layers: int, tick: int, scored: tuple[int, int], in_place: bool) -> Iterator[Visit]:
    order = [*range(0, layers, 2), *range(1, layers, 2)] if in_place else list(range(layers))
    counts = scored[0] <= tick <= scored[1]
    for layer in order:
        settles = in_place or layer == layers - 1
        yield Visit(layer, scored=counts, last=tick == scored[1], settles=settles)


def readings(course: tuple[Visit, ...]) -> int:
    """How often each layer is read in a pass."""
    return sum(visit.scored for visit in course if visit.layer == 0)

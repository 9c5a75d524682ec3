"""In which order a pass goes through the layers. Imports no torch."""

from __future__ import annotations

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


def ticks(layers: int, count: int, first: int, *, upward: bool, in_place: bool) -> tuple[Visit, ...]:
    """All layers in each of `count` ticks, of which those from number `first` on (from 1) count.

    All take over at the end of the tick; `in_place` the even layers (from 0) do so first, then the odd ones.
    `upward`: a pass from below comes before the first tick.
    """
    start = [Visit(layer, scored=False, last=False, upward=True) for layer in range(layers) if upward]
    order = [*range(0, layers, 2), *range(1, layers, 2)] if in_place else list(range(layers))
    turns = [
        Visit(layer, scored=tick >= first, last=tick == count, settles=in_place or layer == layers - 1)
        for tick in range(1, count + 1)
        for layer in order
    ]
    return (*start, *turns)


def sides(course: tuple[Visit, ...], layers: int) -> list[tuple[int, int]]:
    """Of each layer, in how many of its turns something stands (below it, above it) that is not silent."""
    spoken, fresh = set[int](), set[int]()
    found = [(0, 0) for _ in range(layers)]
    for visit in course:
        layer = visit.layer
        below, above = found[layer]
        below += layer == 0 or layer - 1 in spoken
        above += not visit.upward and (layer == layers - 1 or layer + 1 in spoken)
        found[layer] = below, above
        fresh.add(layer)
        if visit.settles:
            spoken |= fresh
    return found


def readings(course: tuple[Visit, ...]) -> int:
    """How often each layer is read in a pass."""
    return sum(visit.scored for visit in course if visit.layer == 0)

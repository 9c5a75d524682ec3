"""How much of what FF saves in a study of memory comes from pieces, and how much from locality. Imports no torch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from trainer.profiling.cases import METHODS
from trainer.words import plural

MEGABYTE = 1e6
WHOLE, PIECES = "backprop", "backprop-pieces"
ALONE, WAITING = "ff", "ff-streamed"
"""FF on the net that backprop has; the recurrent net is another one, with weights both ways."""

Peaks = Mapping[tuple[str, int], float]
"""Bytes by method and layers."""


def sentences(peaks: Peaks, *, on_gpu: bool = False) -> list[str]:
    """One a method of FF that was measured beside backprop: its saving at the deepest net, in parts.

    On a GPU streamed layers go in smaller pieces than the others (pieces.py), so their saving is not parted there.
    """
    return [text for method in (ALONE, WAITING) if (text := _of(method, peaks, parted=not on_gpu or method == ALONE))]


def _of(method: str, peaks: Peaks, *, parted: bool) -> str:
    layers = _deepest(peaks, (method, WHOLE, PIECES)) or _deepest(peaks, (method, WHOLE))
    if layers is None:
        return ""
    ours, whole = peaks[method, layers], peaks[WHOLE, layers]
    said, beside = _quoted(method), _quoted(WHOLE)
    against = f"({_size(ours)} against {_size(whole)})"
    head = f"At {plural(layers, 'layer')} {said} takes"
    if ours >= whole:
        return f"{head} no less than {beside} {against}."
    head = f"{head} {_size(whole - ours)} less than {beside} {against}"
    if not parted:
        return f"{head}. Part of that comes from smaller pieces of a batch; how much was not measured on a GPU."
    if (PIECES, layers) not in peaks:
        return f"{head}. How much of that comes from pieces of a batch is not known without {_quoted(PIECES)}."
    parts = (_part(text, saved, whole - ours) for text, saved in _parts(method, layers, peaks))
    return f"{head}: {'; '.join(parts)}."


def _parts(method: str, layers: int, peaks: Peaks) -> Iterator[tuple[str, float]]:
    """What the saving comes from, and bytes of it."""
    whole, pieces, ours = (peaks[name, layers] for name in (WHOLE, PIECES, method))
    yield "from going through a batch in pieces, which backprop can do too", whole - pieces
    if method == ALONE:
        yield "from layers that learn alone", pieces - ours
    elif (resident := peaks.get((ALONE, layers))) is None:
        yield "from layers that learn alone and wait in files", pieces - ours
    else:
        yield "from layers that learn alone", pieces - resident
        yield "from layers that wait in files", resident - ours


def _part(text: str, saved: float, whole: float) -> str:
    """573 MB (92 %) from …; measurements scatter, so a part can be less than nothing, and another more than all."""
    if saved >= whole:
        return f"all of it {text}"
    return f"{_size(saved)} ({100 * saved / whole:.0f} %) {text}" if saved > 0 else f"nothing {text}"


def _deepest(peaks: Peaks, methods: Sequence[str]) -> int | None:
    """The most layers that all `methods` were measured at."""
    common = set.intersection(*({layers for name, layers in peaks if name == method} for method in methods))
    return max(common, default=None)


def _quoted(method: str) -> str:
    return f"“{METHODS[method].title}”"


def _size(count: float) -> str:
    return f"{count / MEGABYTE:,.0f} MB"

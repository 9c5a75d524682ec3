"""Which family a config belongs to, by what it can do, never by the name of a preset."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args

from ffweb.pages.form_values import value_at
from trainer.axes.competitors import AnyCompetitors


@dataclass(frozen=True)
class Method:
    tag: str
    title: str


BACKPROP = Method("BP", "Backpropagation: one gradient through the whole net")
SUPERVISED = Method(
    "BP+", "Backpropagation with deep supervision: a loss on every layer, gradients through the whole net"
)
HYBRID = Method("FF+BP", "Hybrid: some layers learn by themselves, others by backpropagation")
BLOCKS = Method("BLK", "Block-local: gradients pass inside a block of layers, not between blocks")
PAIRS = Method("FF2", "Forward-Forward in overlapping pairs: a layer's loss also moves the layer below")
FROZEN = Method("RND", "Frozen at random: only what reads the layers learns")
LINEAR = Method("LIN", "Linear: a softmax on the pixels")
CLASS_ROWS = Method("MF", "Layer-local with class rows (Mono-Forward): no negative data")
UNLABELLED = Method("UFF", "Forward-Forward without labels: negatives are made of images alone")
FORWARD = Method("FF", "Forward-Forward: every layer tells positive from negative data")

_VARIES = {kind.model_fields["kind"].default: kind.varies for kind in get_args(get_args(AnyCompetitors)[0])}


def method(config: Mapping[str, Any]) -> Method:
    """Frozen or absent layers first, then how far gradients reach, then what competes; read from a stored config.

    Nothing is parsed: configs of older versions are told as well.
    """
    if _kind(config, "architecture") == "pixels":
        return LINEAR
    overrides = [o for o in config.get("layers") or () if isinstance(o, Mapping)]
    if any(o.get("frozen") and o.get("span") == "1-" for o in overrides):
        return FROZEN
    reaches = _reaches(config, overrides)
    if reaches & {"whole", "block"}:
        return _gradients(config, reaches)
    return _local(config, pairs="pair" in reaches)


def _gradients(config: Mapping[str, Any], reaches: set[str]) -> Method:
    """Of a net through which, or through parts of which, a gradient runs."""
    if "whole" not in reaches:
        return BLOCKS
    if reaches != {"whole"}:
        return HYBRID
    return SUPERVISED if value_at(config, "scope.losses") == "all" else BACKPROP


def _local(config: Mapping[str, Any], *, pairs: bool) -> Method:
    """Of layers that learn by themselves, or at most with their neighbour."""
    varies = _VARIES.get(_kind(config, "competitors"))
    if varies == "nothing":
        return CLASS_ROWS
    if varies == "image" and _kind(config, "label_code") in ("none", ""):
        return UNLABELLED
    return PAIRS if pairs else FORWARD


def _reaches(config: Mapping[str, Any], overrides: list[Mapping[str, Any]]) -> set[str]:
    """The scopes that some layer has. An override of all layers is the run's; others leave some to the run's."""
    own = {_kind(o, "scope") for o in overrides} - {""}
    every = any(o.get("span") == "1-" and _kind(o, "scope") for o in overrides)
    return own if every else own | {_kind(config, "scope") or "layer"}


def _kind(config: Mapping[str, Any], axis: str) -> str:
    return str(value_at(config, f"{axis}.kind", ""))

"""Parts that presets have in common. Imports no torch."""

from __future__ import annotations

from typing import Any

Part = dict[str, Any]

MNIST: Part = {"name": "mnist", "standardise": "dataset"}
FASHION: Part = {"name": "fashion_mnist", "standardise": "dataset"}
NONE: Part = {"kind": "none"}
BRIGHTEST: Part = {"kind": "overlay", "strength": "max"}
LIKELY: Part = {"kind": "hard_wrong_label", "from": "first", "sharpness": 6.0}
"""Wrong labels that layer 1 finds likely: they share its product, so they cost next to nothing."""
UNSCALED: Part = {"input": NONE, "handover": NONE}

CLASS_ROWS: Part = {
    "label_code": NONE,
    "competitors": {"kind": "classes"},
    "goodness": {"kind": "projection"},
    "objective": {"kind": "cross_entropy"},
    "normalisation": UNSCALED,
    "init": {"kind": "normal", "gain": 1.414},
    "readout": {"kind": "sum"},
}
"""Each layer learns from an output of its own."""

BACKPROP: Part = {
    **CLASS_ROWS,
    "goodness": {"kind": "projection", "start": "normal", "bias": True},
    "scope": {"kind": "whole"},
    "readout": {"kind": "last"},
}


EPS_OF_HALF = (
    "The threshold loss here is twice that of the public code, which takes one mean over positive and negative rows, "
    "so that Adam's eps of 1e-8 counts for half as much: 2e-8 would be theirs."
)
"""What the recipes after mohammadpz/pytorch_forward_forward do otherwise."""
OF_DAH33 = (
    "The public code draws wrong labels in proportion to the root of their goodness, and computes what a layer hands "
    "on anew after its update; here they are drawn by a softmax over layer 1's goodness, and handed on is what the "
    "update was made from."
)
"""What the recipes after dah33/explore_forward_forward do otherwise."""


def mlp(*hidden: int) -> Part:
    """Fully connected layers of these widths."""
    return {"kind": "mlp", "hidden": list(hidden)}


SMALL = mlp(30, 30)
"""The net for digits: so narrow that layers that learn beat layers that do not, which with 500 units read 98 %, too."""


def joint(epochs: int, batch: int = 256) -> Part:
    """All layers in every step."""
    return {"kind": "joint", "epochs": epochs, "batch_size": batch}


def falling(lr: float) -> Part:
    """Adam whose rate falls to 0 from the first step."""
    return {"kind": "adam", "lr": lr, "curve": {"kind": "linear"}}


def half(lr: float, end: float = 0.02) -> Part:
    """Adam whose rate is constant in the first half, then falls to the share `end`."""
    return {"kind": "adam", "lr": lr, "curve": {"kind": "linear", "begin": 0.5, "end": end}}


def dropout(units: float, pixels: float = 0.0) -> Part:
    """Shares that are switched off in training."""
    return {"dropout": units, "input_dropout": pixels}

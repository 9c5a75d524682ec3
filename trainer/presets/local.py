"""Locally connected nets on 10,000 images of CIFAR-10. Imports no torch."""

from __future__ import annotations

from typing import Any

from trainer.presets.base import Preset, Target

_DATA: dict[str, Any] = {"name": "npz:cifar10_sub", "standardise": "dataset", "augment": "flip"}
_COMMON: dict[str, Any] = {
    "data": _DATA,
    "architecture": {"kind": "local", "units": 3, "field": 11, "hidden_layers": 2},
    "optimiser": {"kind": "adam", "lr": 0.001, "curve": {"kind": "linear", "begin": 0.5}},
    "evaluate": {"train_images": 1000},
    "metrics": {"every_steps": 10},
}

LOCAL = (
    Preset(
        name="ff-local",
        title="Forward-Forward in a locally connected net",
        summary="3072 units a layer, each with weights of its own to an 11 × 11 neighbourhood; every label is tried. "
        "Beside its frozen control this is no proof of learnt features: in prototypes it was not above it.",
        source="Hinton 2022, section 4 (the net); objective and settings from a validation split here",
        published=None,
        minutes=4.0,
        config=_COMMON
        | {
            "name": "FF, locally connected",
            "label_code": {"kind": "concat", "strength": 3.162},
            "objective": {"kind": "swish_symba", "alpha": 6.0},
            "schedule": {"kind": "joint", "epochs": 14, "batch_size": 200},
        },
        method="local",
    ),
    Preset(
        name="mono-forward-local",
        title="Mono-Forward in a locally connected net",
        summary="The same net with a row of class scores on each layer, which learns from it alone: one pass.",
        source="Gong, Li, Abdulla 2025, arXiv 2501.09238 (rule); Hinton 2022 (net)",
        published=None,
        minutes=2.0,
        config=_COMMON
        | {
            "name": "Mono-Forward, locally connected",
            "label_code": {"kind": "none"},
            "competitors": {"kind": "classes"},
            "goodness": {"kind": "projection"},
            "objective": {"kind": "cross_entropy"},
            "schedule": {"kind": "joint", "epochs": 8, "batch_size": 200},
            "readout": {"kind": "sum"},
        },
        method="local",
        target=Target(0.53),
    ),
)

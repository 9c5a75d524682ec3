"""Presets on scikit-learn's digits: a first run in seconds, without a download. Imports no torch."""

from __future__ import annotations

from typing import Any

from trainer.presets.base import Preset

_CLASS_ROWS: dict[str, Any] = {
    "label_code": {"kind": "none"},
    "competitors": {"kind": "classes"},
    "objective": {"kind": "cross_entropy"},
    "normalisation": {"input": {"kind": "none"}, "handover": {"kind": "none"}},
    "init": {"kind": "normal", "gain": 1.414},
}

DIGITS = (
    Preset(
        name="ff-digits",
        title="Forward-Forward on digits",
        summary="The label in the first ten pixels, a random wrong label against it, every layer on its own. "
        "Swish-SymBa instead of a threshold, so that it learns within seconds.",
        source="Hinton 2022 (method); dah33/explore_forward_forward (objective)",
        published=None,
        minutes=0.3,
        config={"name": "FF on digits"},
    ),
    Preset(
        name="backprop-digits",
        title="Backprop on digits",
        summary="The same net trained whole by backprop and cross entropy: what FF is compared with.",
        source="Rumelhart, Hinton, Williams 1986",
        published=None,
        minutes=0.1,
        config={
            **_CLASS_ROWS,
            "name": "Backprop on digits",
            "goodness": {"kind": "projection", "start": "normal", "bias": True},
            "scope": {"kind": "whole"},
            "schedule": {"kind": "joint", "epochs": 30},
            "optimiser": {"kind": "adam", "lr": 0.001},
            "readout": {"kind": "last"},
        },
    ),
    Preset(
        name="mono-forward-digits",
        title="Mono-Forward on digits",
        summary="Each layer has an output of its own and learns from it alone: one pass, no negatives, no label sweep.",
        source="Gong, Li, Abdulla 2025, arXiv 2501.09238",
        published=None,
        minutes=0.1,
        config={
            **_CLASS_ROWS,
            "name": "Mono-Forward on digits",
            "goodness": {"kind": "projection"},
            "schedule": {"kind": "joint", "epochs": 30},
            "optimiser": {"kind": "adam", "lr": 0.001},
            "readout": {"kind": "sum"},
        },
    ),
)

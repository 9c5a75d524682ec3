"""Presets that tell the next character of a text. Imports no torch."""

from __future__ import annotations

from typing import Any

from trainer.presets.base import Preset, Target
from trainer.presets.parts import BACKPROP, CLASS_ROWS, NONE, half, joint, mlp

_GUESS = {"kind": "hard_wrong_label", "from": "head", "sharpness": 1.0, "allow_true": True}
"""A character drawn as the head would write it, the true one among them."""

_FF: dict[str, Any] = {
    "architecture": mlp(1000, 1000, 1000),
    "label_code": {"kind": "next"},
    "competitors": _GUESS,
    "objective": {"kind": "swish_symba", "alpha": 6.0},
    "optimiser": half(0.001),
    "readout": {"kind": "softmax", "lr": 0.001},
    "metrics": {"every_steps": 20},
}

TEXT = (
    Preset(
        name="ff-aesop",
        title="Forward-Forward on Aesop's Fables",
        summary="A window that ends in the true character against the same window that ends in what the net would have "
        "guessed. A softmax on all layers names the next character; counting 4-grams does better.",
        source="Hinton 2022 (teacher forcing); settings chosen on validation fables",
        published=None,
        minutes=4.0,
        config={
            **_FF,
            "name": "FF on Aesop's Fables",
            "data": {"name": "aesop"},
            "schedule": joint(6, 500),
            "evaluate": {"every_epochs": 3},
        },
        method="text",
        target=Target(5.8, "test/perplexity", "down"),
    ),
    Preset(
        name="ff-aesop-rollout",
        title="Forward-Forward on Aesop's Fables, its own text as negatives",
        summary="Real windows against windows that the net has written by itself. They are too easy to tell apart: "
        "what the layers learn from them may serve worse than what random layers have.",
        source="Hinton 2022 (self-generated negatives)",
        published=None,
        minutes=3.5,
        config={
            **_FF,
            "name": "FF on Aesop's Fables, rolled out",
            "data": {"name": "aesop"},
            "label_code": NONE,
            "competitors": {"kind": "rollout"},
            "schedule": joint(6, 500),
        },
        method="text",
    ),
    Preset(
        name="mono-forward-aesop",
        title="Mono-Forward on Aesop's Fables",
        summary="Each layer names the next character by an output of its own; two epochs, for then it begins to learn "
        "the fables by heart.",
        source="Gong, Li, Abdulla 2025, arXiv 2501.09238 (method)",
        published=None,
        minutes=0.6,
        config={
            **CLASS_ROWS,
            "name": "Mono-Forward on Aesop's Fables",
            "data": {"name": "aesop"},
            "architecture": mlp(1000, 1000, 1000),
            "normalisation": {"input": {"kind": "rms"}, "handover": {"kind": "rms"}},
            "schedule": joint(2, 500),
            "optimiser": half(0.001),
            "readout": {"kind": "last"},
            "metrics": {"every_steps": 20},
        },
        method="mono-forward",
    ),
    Preset(
        name="backprop-aesop",
        title="Backprop on Aesop's Fables",
        summary="The same net trained whole; after three epochs it begins to learn the fables by heart.",
        source="Rumelhart, Hinton, Williams 1986",
        published=None,
        minutes=1.0,
        config={
            **BACKPROP,
            "name": "Backprop on Aesop's Fables",
            "data": {"name": "aesop"},
            "architecture": mlp(1000, 1000, 1000),
            "normalisation": {"input": {"kind": "rms"}, "handover": {"kind": "rms"}},
            "schedule": joint(3, 500),
            "optimiser": half(0.001),
            "metrics": {"every_steps": 20},
        },
        method="backprop",
    ),
    Preset(
        name="ff-topics",
        title="Forward-Forward on Python's help",
        summary="The next character of what Python's help() says, without a download: a part of the text, smaller "
        "layers.",
        source="Hinton 2022 (teacher forcing); the text is part of every CPython",
        published=None,
        minutes=0.7,
        config={
            **_FF,
            "name": "FF on Python's help",
            "data": {"name": "python-topics", "train_size": 40_000, "test_size": 5_000},
            "architecture": mlp(500, 500),
            "schedule": joint(6, 250),
            "evaluate": {"every_epochs": 2},
        },
        method="text",
    ),
)

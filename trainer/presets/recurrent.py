"""Presets of the net that looks up as well as down. Imports no torch."""

from __future__ import annotations

from typing import Any

from trainer.presets.base import Preset, Published, Target
from trainer.presets.parts import MNIST, half, joint

PUBLISHED = Published(1.31, "% error", "test", "8 ticks of which 3 to 5 count; epochs not known; as a review tells it")


def _net(*hidden: int) -> dict[str, Any]:
    return {"kind": "recurrent", "hidden": list(hidden), "ticks": 5, "score_ticks": 3, "damping": 0.7}


RECURRENT = (
    Preset(
        name="ff-recurrent-mnist",
        title="Recurrent Forward-Forward on MNIST",
        summary="Two layers between a clamped image and a clamped label, five ticks of which the last three count; the "
        "true label should leave them quiet. The bounded loss of a pair is what makes it learn.",
        source="Hinton 2022, section 3.4 (method); objective, sign and widths chosen on a validation split",
        published=PUBLISHED,
        minutes=8.0,
        config={
            "name": "Recurrent FF on MNIST",
            "data": MNIST,
            "architecture": _net(1000, 1000),
            "label_code": {"kind": "top"},
            "goodness": {"kind": "activity", "sign": -1},
            "objective": {"kind": "swish_symba", "alpha": 6.0},
            "schedule": joint(12, 250),
            "optimiser": half(0.001),
            "evaluate": {"every_epochs": 6},
            "metrics": {"every_steps": 20},
        },
        method="recurrent",
        target=Target(0.016, "test/error", "down"),
    ),
    Preset(
        name="ff-recurrent-threshold-mnist",
        title="Recurrent Forward-Forward with a threshold",
        summary="The same net, narrower and shorter, with the threshold loss: after three epochs it is behind the "
        "bounded loss of a pair, and behind its own frozen start.",
        source="nebuly-ai/nebuly, forward_forward, recurrent (the loss); its other faults are repaired here",
        published=None,
        minutes=1.5,
        config={
            "name": "Recurrent FF with a threshold on MNIST",
            "data": MNIST,
            "architecture": _net(500, 500),
            "label_code": {"kind": "top"},
            "objective": {"kind": "threshold", "theta": 1.0, "slope": 1.0},
            "schedule": joint(3, 250),
            "optimiser": {"kind": "adam", "lr": 0.001},
            "metrics": {"every_steps": 20},
        },
        method="recurrent",
    ),
)

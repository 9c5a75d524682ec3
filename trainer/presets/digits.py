"""Presets on scikit-learn's digits: a first run in seconds, without a download. Imports no torch."""

from __future__ import annotations

from trainer.presets.base import Preset
from trainer.presets.parts import BACKPROP, CLASS_ROWS, SMALL, joint

DIGITS = (
    Preset(
        name="ff-digits",
        title="Forward-Forward on digits",
        summary="The label in the first ten pixels, a random wrong label against it, every layer on its own. "
        "Swish-SymBa instead of a threshold, so that it learns within seconds; layers so narrow that random ones would "
        "not do.",
        source="Hinton 2022 (method); dah33/explore_forward_forward (objective)",
        published=None,
        minutes=0.15,
        config={"name": "FF on digits", "architecture": SMALL},
        method="swish-symba",
    ),
    Preset(
        name="backprop-digits",
        title="Backprop on digits",
        summary="The same net trained whole by backprop and cross entropy: what FF is compared with.",
        source="Rumelhart, Hinton, Williams 1986",
        published=None,
        minutes=0.1,
        config={
            **BACKPROP,
            "name": "Backprop on digits",
            "architecture": SMALL,
            "schedule": joint(30, 64),
            "optimiser": {"kind": "adam", "lr": 0.001},
        },
        method="backprop",
    ),
    Preset(
        name="mono-forward-digits",
        title="Mono-Forward on digits",
        summary="Each layer has an output of its own and learns from it alone: one pass, no negatives, no label sweep.",
        source="Gong, Li, Abdulla 2025, arXiv 2501.09238",
        published=None,
        minutes=0.1,
        config={
            **CLASS_ROWS,
            "name": "Mono-Forward on digits",
            "architecture": SMALL,
            "schedule": joint(30, 64),
            "optimiser": {"kind": "adam", "lr": 0.001},
        },
        method="mono-forward",
    ),
    Preset(
        name="ff-threshold-digits",
        title="Forward-Forward with a threshold, on digits",
        summary="As ff-digits, with the paper's objective: positive data above θ, negative data below. The slope of 20 "
        "makes a threshold work on a mean.",
        source="Hinton 2022",
        published=None,
        minutes=0.1,
        config={
            "name": "FF on digits, threshold",
            "architecture": SMALL,
            "objective": {"kind": "threshold", "theta": 1.0, "slope": 20.0},
        },
        method="ff",
    ),
    Preset(
        name="minimise-digits",
        title="Quiet for the truth, on digits",
        summary="As ff-digits, but positive data should leave a layer quiet and negative data excite it: one of the "
        "paper's open questions.",
        source="Hinton 2022 (minimising the sum of squares)",
        published=None,
        minutes=0.1,
        config={"name": "FF on digits, minimised", "architecture": SMALL, "goodness": {"kind": "activity", "sign": -1}},
        method="ff",
    ),
    Preset(
        name="student-t-digits",
        title="Student's t as activation, on digits",
        summary="As ff-digits, but a unit's activity is how surprising its input is under Student's t: never dead, and "
        "the same for z and −z.",
        source="Hinton 2022 (open question)",
        published=None,
        minutes=0.1,
        config={"name": "FF on digits, Student's t", "architecture": SMALL, "activation": {"kind": "student_t"}},
        method="ff",
    ),
)

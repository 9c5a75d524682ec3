"""Presets whose layers emit class scores, MLPs on MNIST and Fashion-MNIST. Imports no torch."""

from __future__ import annotations

from trainer.presets.base import Preset, Published, Target
from trainer.presets.parts import CLASS_ROWS, FASHION, MNIST, NONE, dropout, falling, joint, mlp

ROWS = (
    Preset(
        name="mono-forward-mnist",
        title="Mono-Forward on MNIST",
        summary="Three layers of 1000, each with a trained projection onto the classes; one clean pass, much dropout.",
        source="Gong, Li, Abdulla 2025, arXiv 2501.09238; settings chosen on a validation split",
        published=None,
        minutes=5.0,
        config={
            **CLASS_ROWS,
            "name": "Mono-Forward on MNIST",
            "data": MNIST,
            "architecture": mlp(1000, 1000, 1000),
            "schedule": joint(40),
            "optimiser": falling(0.003),
            "regulariser": dropout(0.5, 0.2),
            "metrics": {"every_steps": 20},
        },
        method="mono-forward",
        target=Target(0.985),
    ),
    Preset(
        name="mono-forward-fashion",
        title="Mono-Forward on Fashion-MNIST",
        summary="The same net on clothes: a little less dropout, a lower rate.",
        source="Gong, Li, Abdulla 2025, arXiv 2501.09238; settings chosen on a validation split",
        published=None,
        minutes=3.0,
        config={
            **CLASS_ROWS,
            "name": "Mono-Forward on Fashion-MNIST",
            "data": FASHION,
            "architecture": mlp(1000, 1000, 1000),
            "schedule": joint(24),
            "optimiser": falling(0.002),
            "regulariser": dropout(0.4, 0.1),
            "metrics": {"every_steps": 20},
        },
        method="mono-forward",
        target=Target(0.90),
    ),
    Preset(
        name="lcp-mnist",
        title="Local classifiers on MNIST",
        summary="A linear classifier beside each layer trains it, rows of equal length in between, and only the last "
        "classifier answers.",
        source="Duan et al. 2021 (local classifier proxies); settings chosen on a validation split",
        published=None,
        minutes=3.0,
        config={
            **CLASS_ROWS,
            "name": "Local classifiers on MNIST",
            "data": MNIST,
            "architecture": mlp(1000, 1000, 1000),
            "normalisation": {"input": NONE, "handover": {"kind": "rms"}},
            "schedule": joint(24),
            "optimiser": falling(0.003),
            "regulariser": dropout(0.5, 0.2),
            "readout": {"kind": "last"},
            "metrics": {"every_steps": 20},
        },
        method="lcp",
        target=Target(0.984),
    ),
    Preset(
        name="hff-mnist",
        title="Prototypes on a sphere on MNIST",
        summary="The score of a class is the cosine between a layer's activity and the class's learned direction.",
        source="Sarode et al. 2026, arXiv 2605.00082; its temperature is not known, settings chosen on a "
        "validation split",
        published=None,
        minutes=4.0,
        config={
            **CLASS_ROWS,
            "name": "Prototypes on MNIST",
            "data": MNIST,
            "architecture": mlp(1000, 1000, 1000),
            "goodness": {"kind": "prototype", "temperature": 0.05},
            "normalisation": {"input": NONE, "handover": {"kind": "rms"}},
            "schedule": joint(30),
            "optimiser": falling(0.003),
            "regulariser": dropout(0.4, 0.2),
            "metrics": {"every_steps": 20},
        },
        method="hff",
        target=Target(0.984),
    ),
    Preset(
        name="predsim-mnist",
        title="Prediction and similarity on MNIST",
        summary="A linear classifier beside each layer, and the demand that images of one class look alike to it, "
        "which weighs 99 %. Batch norm between layers.",
        source="Nøkland and Eidnes 2019; anokland/local-loss; settings chosen on a validation split",
        published=Published(
            99.69, "% accuracy", "test", "another net: VGG8b with dropout, 100 epochs, images moved by up to two pixels"
        ),
        minutes=4.5,
        config={
            **CLASS_ROWS,
            "name": "PredSim on MNIST",
            "data": MNIST,
            "architecture": mlp(1024, 1024, 1024),
            "objective": {"kind": "cross_entropy", "terms": [{"kind": "similarity", "weight": 0.99}]},
            "normalisation": {"input": NONE, "handover": {"kind": "batch"}},
            "schedule": joint(14),
            "optimiser": falling(0.002),
            "regulariser": dropout(0.2, 0.2),
            "readout": {"kind": "last"},
            "metrics": {"every_steps": 20},
        },
        method="predsim",
        differs="In the public code batch norm, with scale and shift, stands before the rectifier, and a classifier "
        "on top of the last layer answers; here it stands at the hand-over, without them, and the last layer's own "
        "scores answer.",
        target=Target(0.986),
    ),
)

"""Presets with other ways to compete: margins against several wrong labels, layers that count each other in.

Imports no torch.
"""

from __future__ import annotations

from typing import Any

from trainer.presets.base import Preset, Published, Target
from trainer.presets.parts import BRIGHTEST, LIKELY, MNIST, dropout, falling, half, joint, mlp

_DISTANCE: dict[str, Any] = {
    "data": MNIST,
    "architecture": mlp(500, 500, 500),
    "label_code": BRIGHTEST,
    "competitors": {**LIKELY, "count": 2},
    "objective": {"kind": "margin"},
    "schedule": joint(22),
    "optimiser": falling(0.004),
    "regulariser": dropout(0.1, 0.1),
    "metrics": {"every_steps": 20},
}
_PUBLISHED = Published(99.7, "% accuracy", "test", "abstract; net, epochs and augmentation are not stated there")

COMPETING = (
    Preset(
        name="df-o-mnist",
        title="Distance-Forward with overlapping pairs on MNIST",
        summary="The true label leads two likely wrong ones by a margin, and each loss also moves the layer below.",
        source="Wu et al. 2024, arXiv 2408.14925; margin and weights are not published, chosen on a validation split",
        published=_PUBLISHED,
        minutes=4.5,
        config={**_DISTANCE, "name": "Distance-Forward, pairs, on MNIST", "scope": {"kind": "pair"}},
        method="distance-forward",
        target=Target(0.984),
    ),
    Preset(
        name="df-mnist",
        title="Distance-Forward on MNIST",
        summary="The same without pairs: each layer learns from its own margin alone, and the third one loses its way.",
        source="Wu et al. 2024, arXiv 2408.14925; margin and weights are not published, chosen on a validation split",
        published=_PUBLISHED,
        minutes=3.0,
        config={**_DISTANCE, "name": "Distance-Forward on MNIST"},
        method="distance-forward",
    ),
    Preset(
        name="layer-collaboration-mnist",
        title="Layer collaboration on MNIST",
        summary="Each layer is judged by its own goodness and what all other layers say of the same row, with one "
        "threshold for them all.",
        source="Lorberbom, Gat, Adi, Schwing, Hazan 2024, arXiv 2305.12393 (method); objective and rate by a few short "
        "tries",
        published=None,
        minutes=2.5,
        config={
            "name": "Layer collaboration on MNIST",
            "data": MNIST,
            "architecture": mlp(500, 500, 500),
            "label_code": {"kind": "overlay", "strength": 6.0},
            "competitors": LIKELY,
            "objective": {"kind": "threshold", "theta": 1.5, "slope": 7.0},
            "context": {"kind": "others"},
            "schedule": joint(20),
            "optimiser": half(0.004, 0.0),
            "regulariser": dropout(0.0, 0.1),
            "metrics": {"every_steps": 20},
        },
        method="layer-collaboration",
    ),
)

"""Presets on MNIST. Imports no torch."""

from __future__ import annotations

from trainer.presets.base import Preset, Published

MNIST = (
    Preset(
        name="ff-fast-mnist",
        title="Forward-Forward on MNIST, fast",
        summary="The best short recipe we know for two layers of 500: RMS rows, Swish-SymBa and hard wrong labels, "
        "with a learning rate that falls to 0.",
        source="dah33/explore_forward_forward (objective, hard negatives); settings chosen on a validation split",
        published=None,
        minutes=2.0,
        config={
            "name": "FF on MNIST, fast",
            "data": {"name": "mnist", "standardise": "dataset"},
            "label_code": {"kind": "overlay", "strength": "max"},
            "competitors": {"kind": "hard_wrong_label", "from": "first", "sharpness": 6.0},
            "objective": {"kind": "swish_symba", "alpha": 3.0},
            "schedule": {"kind": "joint", "epochs": 20, "batch_size": 256},
            "optimiser": {"kind": "adam", "lr": 0.004, "curve": {"kind": "linear"}},
            "metrics": {"every_steps": 20},
        },
    ),
    Preset(
        name="ff-pezeshki-mnist",
        title="Forward-Forward on MNIST, Pezeshki's",
        summary="The well-known public code: the whole set as one batch, unit length, threshold 2, layer 1 for 1000 "
        "epochs, then layer 2. Nothing is learnt in the first hundred epochs: the goodness has to grow first.",
        source="mohammadpz/pytorch_forward_forward; Kesanapalli, Rangarajan, Jain, Jain 2023",
        published=Published(
            93.16, "% accuracy", "test", "50,000 training images, two layers of 500, 1000 epochs a layer, one seed"
        ),
        minutes=36.0,
        config={
            "name": "FF on MNIST, Pezeshki's",
            "data": {"name": "mnist", "train_size": 50_000, "standardise": "dataset"},
            "init": {"kind": "torch_default"},
            "label_code": {"kind": "overlay", "strength": "max"},
            "competitors": {"kind": "wrong_label", "allow_true": True, "fixed": True},
            "objective": {"kind": "threshold", "theta": 2.0, "slope": 1.0},
            "normalisation": {"input": {"kind": "unit_l2"}, "handover": {"kind": "unit_l2"}},
            "schedule": {"kind": "greedy", "epochs": 1000, "batch_size": None},
            "optimiser": {"kind": "adam", "lr": 0.03},
            "metrics": {"every_steps": 5},
        },
    ),
)

"""Plain FF in a conv net, the form of it that fails, and contrast without labels. Imports no torch."""

from __future__ import annotations

from trainer.presets.base import Preset, Published, Target
from trainer.presets.trifecta import QUARTER

CONV = (
    Preset(
        name="ff-cnn-mnist",
        title="Forward-Forward in a conv net, on MNIST",
        summary="The label as a plane under every filter, a bounded pair loss and batch norm: with these three plain "
        "FF trains six conv blocks, each on its own. The last block answers; the first is near chance alone.",
        source="Kesanapalli, Rangarajan, Jain, Jain 2023 (their first try, left out); repaired here",
        published=None,
        minutes=7.0,
        config={
            "name": "FF conv net on MNIST",
            "data": {"name": "mnist", "standardise": "dataset"},
            "architecture": {"kind": "conv", "channels": QUARTER, "bias": False},
            "label_code": {"kind": "pattern"},
            "objective": {"kind": "swish_symba", "alpha": 6.0},
            "normalisation": {"input": {"kind": "batch"}, "handover": {"kind": "batch"}},
            "schedule": {"kind": "joint", "epochs": 4, "batch_size": 128},
            "optimiser": {"kind": "adam", "lr": 0.003, "curve": {"kind": "linear", "begin": 0.5}},
            "readout": {"kind": "candidates", "layers": "last"},
            "evaluate": {"train_images": 1000},
            "metrics": {"every_steps": 20},
        },
        method="ff-cnn",
        target=Target(0.975),
    ),
    Preset(
        name="ff-cnn-kesanapalli-mnist",
        title="Forward-Forward in a conv net, as it fails",
        summary="Pezeshki's recipe carried over to convolutions: the label in the first ten pixels, unit length, "
        "threshold 2, Adam at 0.03. It stays at chance, because only the windows over those pixels see the label and "
        "the mean over the map hardly notices them.",
        source="Kesanapalli, Rangarajan, Jain, Jain 2023, who left it out: it “did not yield promising results”",
        published=None,
        minutes=1.5,
        config={
            "name": "FF conv net on MNIST, as it fails",
            "data": {"name": "mnist", "train_size": 10_000, "standardise": "dataset"},
            "architecture": {"kind": "conv", "channels": "32p, 64p"},
            "init": {"kind": "torch_default"},
            "label_code": {"kind": "overlay", "strength": "max"},
            "competitors": {"kind": "wrong_label", "allow_true": True, "fixed": True},
            "objective": {"kind": "threshold", "theta": 2.0, "slope": 1.0},
            "normalisation": {"input": {"kind": "unit_l2"}, "handover": {"kind": "unit_l2"}},
            "schedule": {"kind": "joint", "epochs": 5, "batch_size": 128},
            "optimiser": {"kind": "adam", "lr": 0.03},
            "readout": {"kind": "candidates", "layers": "last"},
            "evaluate": {"train_images": 1000},
            "metrics": {"every_steps": 20},
        },
        method="ff-cnn",
    ),
    Preset(
        name="scff-cifar10",
        title="SCFF on CIFAR-10",
        summary="No labels in the net: an image added to itself against the image added to another, at every place of "
        "the map; layers learn one after another, and a linear softmax on all of them comes last. Epochs, learning "
        "rate and activation are the same for all layers here, where the authors tuned each; no triangle activation "
        "at the hand-over.",
        source="Chen, Liu, Laydevant, Grollier 2025; neurophysics-cnrsthales/contrastive-forward-forward",
        published=Published(
            80.75,
            "% accuracy",
            "test",
            "6, 4 and 21 epochs a layer, each with rates and thresholds of its own; a linear readout for 50 epochs, "
            "flips, dropout",
        ),
        minutes=700.0,
        config={
            "name": "SCFF on CIFAR-10",
            "data": {"name": "cifar10", "standardise": "dataset", "augment": "flip"},
            "architecture": {"kind": "conv", "channels": "96k5p4, 384p4, 1536a"},
            "label_code": {"kind": "none"},
            "competitors": {"kind": "pair"},
            "goodness": {"kind": "activity", "regions": 4},
            "objective": {"kind": "threshold", "theta": 1.0, "slope": 1.0},
            "normalisation": {"input": {"kind": "layer"}, "handover": {"kind": "layer"}},
            "schedule": {"kind": "greedy", "epochs": 6, "batch_size": 100},
            "optimiser": {"kind": "adamw", "lr": 0.002, "weight_decay": 1e-4, "curve": {"kind": "cosine", "end": 0.1}},
            "readout": {"kind": "softmax", "epochs": 50, "pool": 2},
            "evaluate": {"train_images": 1000},
            "metrics": {"every_steps": 20},
        },
        method="scff",
        target=Target(0.78),
    ),
)

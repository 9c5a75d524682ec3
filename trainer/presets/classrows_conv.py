"""Conv nets whose channels are class scores: CwComp, DeeperForward, ASGE. No negatives, one pass. Imports no torch."""

from __future__ import annotations

from typing import Any

from trainer.presets.base import Preset, Published, Target

_ROWS: dict[str, Any] = {
    "label_code": {"kind": "none"},
    "competitors": {"kind": "classes"},
    "objective": {"kind": "cross_entropy"},
    "evaluate": {"train_images": 1000},
    "metrics": {"every_steps": 20},
}

# ── CwComp ────────────────────────────────────────────────────────────────────────────────────────────────────────
_CWCOMP_SOURCE = "Papachristodoulou et al. 2024, arXiv 2312.12668; andreaspapac/CwComp"
_CWCOMP_DIFFERS = (
    "In the authors' code a layer that has stopped learning goes on normalising by the statistics of each batch, and "
    "moves its running means; here it normalises by the running means that it has, as in the test."
)
_CWCOMP: dict[str, Any] = _ROWS | {
    "init": {"kind": "torch_default"},
    "goodness": {"kind": "groups", "power": 2},
    "normalisation": {
        "input": {"kind": "none"},
        "before": {"kind": "batch", "affine": True, "eps": 1e-4},
        "handover": {"kind": "none"},
    },
    "optimiser": {"kind": "adam", "lr": 0.01},
    "readout": {"kind": "last"},
}


def _windows(*ends: int) -> list[dict[str, Any]]:
    """Layer l learns from the start until its own end."""
    return [{"span": str(layer), "window": [0, end]} for layer, end in enumerate(ends, 1)]


_CWCOMPS = (
    Preset(
        name="cwcomp-fashion-quarter",
        title="CwComp on Fashion-MNIST, a quarter of the channels",
        summary="Channels compete for classes: 10, 20, 60 and 120 of them (the smallest that ten classes divide), the "
        "second and fourth layer with a group of filters a class. Layers stop learning one after another, when the "
        "authors' do. The learning rate falls in the second half, as theirs does not.",
        source=_CWCOMP_SOURCE,
        published=Published(
            7.69,
            "% error",
            "test",
            "20, 80, 240 and 480 channels, layers stop after 10, 15, 19 and 23 epochs, no augmentation; the code keeps "
            "the weights with the best test error",
        ),
        minutes=18.0,
        config=_CWCOMP
        | {
            "name": "CwComp on Fashion-MNIST, quarter",
            "data": {"name": "fashion_mnist", "standardise": "dataset"},
            "architecture": {"kind": "conv", "channels": "10, 20gp, 60, 120gp"},
            "schedule": {"kind": "joint", "epochs": 23, "batch_size": 128},
            "optimiser": {"kind": "adam", "lr": 0.01, "curve": {"kind": "linear", "begin": 0.5}},
            "layers": _windows(10, 15, 19, 23),
        },
        method="cwcomp",
        differs=_CWCOMP_DIFFERS,
        target=Target(0.89),
    ),
    Preset(
        name="cwcomp-cifar10",
        title="CwComp on CIFAR-10, in full",
        summary="Four layers by the authors' settings; the last layer's channels answer. Their figure with a softmax "
        "on top learns for 25 epochs more.",
        source=_CWCOMP_SOURCE,
        published=Published(
            21.89,
            "% error",
            "test",
            "layers stop after 11, 16, 21 and 25 epochs, batch 128, no augmentation; the code keeps the weights with "
            "the best test error",
        ),
        minutes=150.0,
        config=_CWCOMP
        | {
            "name": "CwComp on CIFAR-10",
            "data": {"name": "cifar10", "standardise": "dataset"},
            "architecture": {"kind": "conv", "channels": "20, 80gp, 240, 480gp"},
            "schedule": {"kind": "joint", "epochs": 25, "batch_size": 128},
            "layers": _windows(11, 16, 21, 25),
        },
        method="cwcomp",
        differs=_CWCOMP_DIFFERS,
        target=Target(0.76),
    ),
)

# ── DeeperForward ─────────────────────────────────────────────────────────────────────────────────────────────────
_DEEPER_SOURCE = "Sun et al. 2025 (ICLR); shortcuts and norms as in JNNNNYao/HCL-FF, which builds on it"


def _resnet(*planes: int, strided: tuple[int, ...]) -> dict[str, Any]:
    """A first layer and four blocks of four; blocks of `strided` (from 1) begin with a stride of 2."""
    blocks = [
        f"{plane}{'s2' if number in strided else ''}, " + ", ".join([str(plane)] * (4 if number == 1 else 3))
        for number, plane in enumerate(planes, 1)
    ]
    channels = f"{', '.join(blocks)}"
    return {"kind": "conv", "channels": channels, "bias": False, "shortcuts": "add_concat"}


_DEEPER: dict[str, Any] = _ROWS | {
    "init": {"kind": "fan_out", "gain": 1.414},
    "goodness": {"kind": "groups", "power": 1},
    "normalisation": {"input": {"kind": "layer"}, "before": {"kind": "none"}, "handover": {"kind": "group"}},
    "readout": {"kind": "range"},
}
_COSINE = {"kind": "cosine", "end": 0.1}
_DEEPERS = (
    Preset(
        name="deeperforward-mnist-quarter",
        title="DeeperForward on MNIST, a quarter of the channels",
        summary="17 conv layers of 10 to 80 channels with shortcuts that have no weights. One channel a class in the "
        "first block is as few as there can be.",
        source=_DEEPER_SOURCE,
        published=Published(99.63, "% accuracy", "test", "40 to 320 channels, 150 epochs, AdamW with a cosine"),
        minutes=27.0,
        config=_DEEPER
        | {
            "name": "DeeperForward on MNIST, quarter",
            "data": {"name": "mnist", "valid_size": 5000, "standardise": "dataset"},
            "architecture": _resnet(10, 20, 40, 80, strided=(2, 3)),
            "schedule": {"kind": "joint", "epochs": 15, "batch_size": 128},
            "optimiser": {"kind": "adamw", "lr": 0.08, "weight_decay": 1e-4, "clip": 1.0, "curve": _COSINE},
        },
        method="deeperforward",
        target=Target(0.985),
    ),
    Preset(
        name="deeperforward-cifar10",
        title="DeeperForward on CIFAR-10, in full",
        summary="17 conv layers of 100 to 800 channels, AdamW from 0.08 to 0.008 over 150 epochs. Crops and flips are "
        "ours; what the authors used is not known here. The layers that answer are chosen on 5,000 training images.",
        source=_DEEPER_SOURCE,
        published=Published(
            86.22, "% accuracy", "test", "150 epochs, AdamW with a cosine, batch 128; augmentation not known here"
        ),
        minutes=13000.0,
        config=_DEEPER
        | {
            "name": "DeeperForward on CIFAR-10",
            "data": {"name": "cifar10", "valid_size": 5000, "standardise": "dataset", "augment": "crop_flip"},
            "architecture": _resnet(100, 200, 400, 800, strided=(2, 3)),
            "schedule": {"kind": "joint", "epochs": 150, "batch_size": 128},
            "optimiser": {"kind": "adamw", "lr": 0.08, "weight_decay": 1e-4, "clip": 1.0, "curve": _COSINE},
        },
        method="deeperforward",
        target=Target(0.84),
    ),
)

# ── ASGE ──────────────────────────────────────────────────────────────────────────────────────────────────────────
_ASGES = (
    Preset(
        name="asge-mnist-quarter",
        title="ASGE on MNIST, small",
        summary="Energies of patches, fine in early layers and coarse in deep ones, through a projection that is fixed "
        "at random. The authors' net is not stated in what we could read: 32 to 128 channels, pooled by root mean "
        "square, layer norm over the whole map, and the last layer's answer are ours.",
        source="Gong, Staszewski, Xu 2026, arXiv 2509.12394",
        published=Published(99.65, "% accuracy", "test", "abstract; net, epochs and augmentation are not stated there"),
        minutes=9.0,
        config=_ROWS
        | {
            "name": "ASGE on MNIST, small",
            "data": {"name": "mnist", "standardise": "dataset"},
            "architecture": {"kind": "conv", "channels": "32r, 64r, 128, 128r"},
            "init": {"kind": "normal", "gain": 1.414},
            "goodness": {"kind": "patch_projection", "patch": 2},
            "normalisation": {"input": {"kind": "layer"}, "before": {"kind": "none"}, "handover": {"kind": "layer"}},
            "schedule": {"kind": "joint", "epochs": 10, "batch_size": 128},
            "optimiser": {"kind": "adam", "lr": 0.003, "curve": {"kind": "linear", "begin": 0.5}},
            "readout": {"kind": "last"},
            "layers": [
                {"span": "3", "goodness": {"kind": "patch_projection", "patch": 4}},
                {"span": "4", "goodness": {"kind": "patch_projection", "patch": 3}},
            ],
        },
        method="asge",
        target=Target(0.985),
    ),
)

CLASS_ROWS_CONV = (*_CWCOMPS, *_DEEPERS, *_ASGES)

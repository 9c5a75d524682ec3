"""The Trifecta (Dooms, Tsang, Oramas 2023): what each of its repairs adds, and its full recipes. Imports no torch."""

from __future__ import annotations

from typing import Any

from trainer.presets.base import Preset, Published, Target

SOURCE = "Dooms, Tsang, Oramas 2023; tdooms/trifecta"
SMALL = "128p, 128, 256p, 256, 256, 512p"
LARGE = "64, 128p, 128, 128, 128, 256p, 256, 256, 256, 512p, 512, 512"
QUARTER = "32p, 32, 64p, 64, 64, 128p"
"""A quarter of the small net's channels."""

_BATCH: dict[str, Any] = {"kind": "batch", "affine": True}
TRIFECTA: dict[str, Any] = {
    "init": {"kind": "torch_default"},
    "label_code": {"kind": "channel"},
    "objective": {"kind": "symba", "alpha": 4.0},
    "normalisation": {"input": _BATCH, "handover": _BATCH},
    "scope": {"kind": "pair"},
    "readout": {"kind": "candidates", "layers": "last"},
    "evaluate": {"train_images": 1000},
    "metrics": {"every_steps": 20},
}
"""Overlapping pairs, SymBa, batch norm, a learned plane for the label, and the last block's answer."""

DIFFERS = (
    "In the authors' code the label's plane learns only in steps in which block 1 has a loss of its own, here in "
    "every step. Each weight has two Adams there, that of its block and that of the block above, here one. Their last "
    "block is idle in every other step, here it learns in all. They multiply in float16, here it is float32. "
    "Positives and negatives share the batch norm's statistics in both."
)
"""Where losses reach the block below."""
DIFFERS_ALONE = "The authors' code multiplies in float16, here it is float32."
"""Where each block learns alone."""


def _net(channels: str) -> dict[str, Any]:
    return {"kind": "conv", "channels": channels, "bias": False}


def _recipe(title: str, data: str, channels: str, epochs: int) -> dict[str, Any]:
    """The authors' settings: batches of 512, Adam at 0.001, crops and turns."""
    return TRIFECTA | {
        "name": title,
        "data": {"name": data, "standardise": "dataset", "augment": "crop_turn"},
        "architecture": _net(channels),
        "schedule": {"kind": "alternating", "epochs": epochs, "batch_size": 512},
        "optimiser": {"kind": "adam", "lr": 0.001},
    }


def _steps(config: dict[str, Any]) -> dict[str, Any]:
    """Halved after 40 % of the run, a tenth after 80 %: 200, 200 and 100 of 500 epochs."""
    curve = {"kind": "steps", "at": [0.4, 0.8], "to": [0.5, 0.1]}
    return config | {"optimiser": {"kind": "adam", "lr": 0.001, "curve": curve}}


def _full(value: float, epochs: int) -> Published:
    return Published(value, "% accuracy", "test", f"{epochs} epochs, batch 512, random crops and turns, all channels")


FULL = (
    Preset(
        name="trifecta-fashion",
        title="Trifecta on Fashion-MNIST, in full",
        summary="Six blocks of up to 512 channels by the authors' settings: hours on a GPU.",
        source=SOURCE,
        published=_full(85.0, 100),
        minutes=3400.0,
        config=_recipe("Trifecta on Fashion-MNIST", "fashion_mnist", SMALL, 100),
        method="trifecta",
        differs=DIFFERS,
        target=Target(0.88),
    ),
    Preset(
        name="trifecta-svhn",
        title="Trifecta on SVHN, in full",
        summary="Twelve blocks by the authors' settings, on colour photographs of house numbers.",
        source=SOURCE,
        published=_full(91.8, 100),
        minutes=11500.0,
        config=_recipe("Trifecta on SVHN", "svhn", LARGE, 100),
        method="trifecta",
        differs=DIFFERS,
    ),
    Preset(
        name="trifecta-cifar10",
        title="Trifecta on CIFAR-10, in full",
        summary="Twelve blocks, 8.5 million weights, 100 epochs by the authors' settings: hours on a GPU, days on "
        "two cores.",
        source=SOURCE,
        published=_full(74.0, 100),
        minutes=7900.0,
        config=_recipe("Trifecta on CIFAR-10", "cifar10", LARGE, 100),
        method="trifecta",
        differs=DIFFERS,
        target=Target(0.74),
    ),
    Preset(
        name="trifecta-cifar10-500",
        title="Trifecta on CIFAR-10, 500 epochs",
        summary="As trifecta-cifar10, with the learning rate halved after 200 epochs and a tenth for the last 100: "
        "80.0, 83.3 and 84.3 % at the ends of the three stretches, the authors say.",
        source=SOURCE,
        published=_full(84.3, 500),
        minutes=39500.0,
        config=_steps(_recipe("Trifecta on CIFAR-10, 500 epochs", "cifar10", LARGE, 500)),
        method="trifecta",
        differs=DIFFERS,
    ),
)

QUARTERS = (
    Preset(
        name="trifecta-mnist-quarter",
        title="Trifecta on MNIST, a quarter of the channels",
        summary="Six blocks of 32 to 128 channels. Batches of 128, Adam at 0.003 that falls in the second half and no "
        "augmentation, in place of 512, 0.001 and crops for 100 epochs: it has to fit two cores.",
        source=SOURCE,
        published=Published(
            98.3, "% accuracy", "test", "100 epochs, batch 512, random crops and turns, four times the channels"
        ),
        minutes=15.0,
        config=TRIFECTA
        | {
            "name": "Trifecta on MNIST, quarter",
            "data": {"name": "mnist", "standardise": "dataset"},
            "architecture": _net(QUARTER),
            "schedule": {"kind": "alternating", "epochs": 8, "batch_size": 128},
            "optimiser": {"kind": "adam", "lr": 0.003, "curve": {"kind": "linear", "begin": 0.5}},
            "evaluate": {"train_images": 1000, "every_epochs": 2},
        },
        method="trifecta",
        differs=DIFFERS,
        target=Target(0.985),
    ),
)

# The ablation takes one thing at a time, as the slides did. Where batch norm goes, layer norm takes its place.
_THRESHOLD: dict[str, Any] = {"kind": "threshold", "theta": 2.0, "slope": 1.0}
_LAYER: dict[str, Any] = {"input": {"kind": "layer"}, "handover": {"kind": "layer"}}
_ABLATION: dict[str, Any] = TRIFECTA | {
    "data": {"name": "npz:cifar10_sub", "standardise": "dataset", "augment": "crop_turn"},
    "architecture": _net(QUARTER),
    "schedule": {"kind": "alternating", "epochs": 20, "batch_size": 128},
    "optimiser": {"kind": "adam", "lr": 0.001, "curve": {"kind": "linear", "begin": 0.5}},
    "evaluate": {"train_images": 1000, "every_epochs": 5},
}
_ALONE: dict[str, Any] = {"scope": {"kind": "layer"}, "schedule": {"kind": "joint", "epochs": 20, "batch_size": 128}}
_VARIANTS: dict[str, tuple[str, float, dict[str, Any]]] = {
    "vanilla": (
        "none of the three: threshold 2, layer norm, each block on its own",
        34.3,
        _ALONE | {"objective": _THRESHOLD, "normalisation": _LAYER},
    ),
    "symba": ("SymBa alone, with layer norm and each block on its own", 55.7, _ALONE | {"normalisation": _LAYER}),
    "symba-apl": ("SymBa and overlapping pairs, with layer norm", 61.4, {"normalisation": _LAYER}),
    "symba-bn": ("SymBa and batch norm, each block on its own", 64.7, _ALONE),
    "all": ("SymBa, overlapping pairs and batch norm", 74.0, {}),
}

ABLATION = tuple(
    Preset(
        name=f"trifecta-ablation-{name}",
        title=f"Trifecta, ablation: {name}",
        summary=f"What each of the Trifecta's repairs adds: {what}. Six blocks with a quarter of the channels, 20 "
        "epochs of batches of 128 on 10,000 images of CIFAR-10, the learning rate falling in the second half.",
        source=SOURCE,
        published=Published(
            value, "% accuracy", "test", "all channels, all of CIFAR-10, 100 epochs, batch 512, random crops and turns"
        ),
        minutes=9.0,
        config=_ABLATION | changes | {"name": f"Trifecta, {name}"},
        method="trifecta",
        differs=DIFFERS_ALONE if "scope" in changes else DIFFERS,
    )
    for name, (what, value, changes) in _VARIANTS.items()
)

TRIFECTAS = (*QUARTERS, *ABLATION, *FULL)

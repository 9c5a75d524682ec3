"""Table 1 of the report that compared FF with backprop on five data sets. Imports no torch."""

from __future__ import annotations

from typing import Any, NamedTuple

from trainer.presets.base import Preset, Published, Target
from trainer.presets.parts import EPS_OF_HALF

SOURCE = "Kesanapalli, Rangarajan, Jain, Jain 2023"


class _Row(NamedTuple):
    """A data set of their table: test accuracies in per cent, and what a run here takes."""

    label: str
    title: str
    data: dict[str, Any]
    ff: float
    backprop: float
    minutes: tuple[float, float]
    """FF, backprop."""
    targets: bool = False
    aside: str = ""


_ROWS = (
    _Row("mnist", "MNIST", {"name": "mnist", "train_size": 50_000}, 93.1, 97.0, (36.0, 1.0), targets=True),
    _Row(
        "fashion",
        "Fashion-MNIST",
        {"name": "fashion_mnist", "train_size": 50_000},
        83.0,
        89.0,
        (36.0, 1.0),
        targets=True,
    ),
    _Row(
        "cifar10",
        "CIFAR-10",
        {"name": "npz:cifar10_sub"},
        46.0,
        53.0,
        (15.0, 0.5),
        aside=" On 10,000 of their 50,000 images.",
    ),
    _Row("cifar100", "CIFAR-100", {"name": "cifar100"}, 12.0, 23.0, (85.0, 2.0)),
    _Row("svhn", "SVHN", {"name": "svhn"}, 60.0, 81.0, (120.0, 3.0)),
)
_COMMON: dict[str, Any] = {"init": {"kind": "torch_default"}}
_FF: dict[str, Any] = _COMMON | {
    "label_code": {"kind": "overlay", "strength": "max"},
    "competitors": {"kind": "wrong_label", "allow_true": True, "fixed": True},
    "objective": {"kind": "threshold", "theta": 2.0, "slope": 1.0},
    "normalisation": {"input": {"kind": "unit_l2"}, "handover": {"kind": "unit_l2"}},
    "schedule": {"kind": "greedy", "epochs": 1000, "batch_size": None},
    "optimiser": {"kind": "adam", "lr": 0.03},
    "metrics": {"every_steps": 5},
}
_BACKPROP: dict[str, Any] = _COMMON | {
    "label_code": {"kind": "none"},
    "competitors": {"kind": "classes"},
    "goodness": {"kind": "projection", "start": "normal", "bias": True},
    "objective": {"kind": "cross_entropy"},
    "normalisation": {"input": {"kind": "none"}, "handover": {"kind": "none"}},
    "scope": {"kind": "whole"},
    "schedule": {"kind": "joint", "epochs": 20, "batch_size": 256},
    "optimiser": {"kind": "adam", "lr": 0.001},
    "readout": {"kind": "last"},
    "metrics": {"every_steps": 20},
}


def _data(row: _Row) -> dict[str, Any]:
    return row.data | {"standardise": "dataset"}


def _ff(row: _Row) -> Preset:
    return Preset(
        name=f"ff-kesanapalli-{row.label}",
        title=f"Forward-Forward on {row.title}, Kesanapalli's",
        summary="Two layers of 500, the whole set as one batch, 1000 epochs a layer, threshold 2. The goodness is the "
        f"mean of squares, as in the code they built on; their text says sum.{row.aside}",
        source=f"{SOURCE}; mohammadpz/pytorch_forward_forward",
        published=Published(
            row.ff, "% accuracy", "test", "two layers of 500, 1000 epochs a layer, the whole set as one batch"
        ),
        minutes=row.minutes[0],
        config=_FF | {"name": f"FF on {row.title}, Kesanapalli's", "data": _data(row)},
        method="kesanapalli",
        target=Target(row.ff / 100) if row.targets else None,
        differs=EPS_OF_HALF,
    )


def _backprop(row: _Row) -> Preset:
    return Preset(
        name=f"backprop-kesanapalli-{row.label}",
        title=f"Backprop on {row.title}, Kesanapalli's baseline",
        summary="Two layers of 500 and a softmax, 20 epochs of batches of 256: the baseline of the report that "
        f"compared FF with backprop.{row.aside}",
        source=SOURCE,
        published=Published(
            row.backprop, "% accuracy", "test", "two layers of 500 and a softmax, 20 epochs, batch 256"
        ),
        minutes=row.minutes[1],
        config=_BACKPROP | {"name": f"Backprop on {row.title}, Kesanapalli's", "data": _data(row)},
        method="kesanapalli",
        target=Target(row.backprop / 100) if row.targets else None,
    )


KESANAPALLI = tuple(preset for row in _ROWS for preset in (_ff(row), _backprop(row)))

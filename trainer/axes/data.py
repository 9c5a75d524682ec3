"""Which images a run trains on. Imports no torch."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from trainer.axes.base import RARE, Value


class Data(Value, title="Data"):
    """The data set, how much of it, and how its pixels are scaled. FF and backprop read the same tensors."""

    name: str = Field("digits", min_length=1, max_length=100, title="Data set")
    """A name of the catalogue, or npz:NAME for a NAME.npz in one of the data folders."""
    train_size: int | None = Field(
        None, ge=10, le=10_000_000, title="Training images", json_schema_extra={"unit": "images"}
    )
    """How many training images to use, drawn in equal shares of the classes; empty: all."""
    valid_size: int = Field(
        0, ge=0, le=1_000_000, title="Validation images", json_schema_extra={"unit": "images", **RARE}
    )
    """Training images kept back; accuracy on them is shown beside the test accuracy."""
    test_size: int | None = Field(
        None, ge=10, le=10_000_000, title="Test images", json_schema_extra={"unit": "images", **RARE}
    )
    """How many test images to use; empty: all."""
    standardise: Literal["none", "dataset"] = Field("none", title="Standardise")
    """none: pixels between 0 and 1. dataset: minus the training images' mean, over their deviation, in each channel."""
    augment: Literal["none", "shift"] = Field("none", title="Augment")
    """shift: each training image moved by up to one pixel each way, anew each time it is drawn."""

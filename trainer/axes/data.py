"""Which images a run trains on. Imports no torch."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from trainer.axes.base import RARE, Value

Augment = Literal["none", "shift", "shift2", "flip", "crop_flip", "crop_turn"]


class Data(Value, title="Data"):
    """The data set, how much of it, and how its pixels are scaled. FF and backprop read the same tensors."""

    name: str = Field("digits", min_length=1, max_length=100, title="Data set")
    """A name of the catalogue, or npz:NAME for a NAME.npz, text:NAME for a NAME.txt in one of the data folders."""
    train_size: int | None = Field(
        None, ge=10, le=10_000_000, title="Training images", json_schema_extra={"unit": "images", "empty": "all"}
    )
    """How many training images to use, drawn in equal shares of the classes; empty: all."""
    valid_size: int = Field(
        0, ge=0, le=1_000_000, title="Validation images", json_schema_extra={"unit": "images", **RARE}
    )
    """Training images kept back; accuracy on them is shown beside the test accuracy."""
    test_size: int | None = Field(
        None, ge=10, le=10_000_000, title="Test images", json_schema_extra={"unit": "images", **RARE, "empty": "all"}
    )
    """How many test images to use; empty: all."""
    standardise: Literal["none", "dataset"] = Field("none", title="Standardise")
    """none: pixels between 0 and 1. dataset: minus the training images' mean, over their deviation, in each channel."""
    augment: Augment = Field("none", title="Augment")
    """What is done to a training image anew each time a layer is to learn from it. shift: moved by up to one pixel each
    way; shift2: by up to two. flip: mirrored left to right, or not. crop_flip: moved by up to four pixels into black,
    and flip. crop_turn: moved likewise, and turned by up to 15 degrees. A readout that learns afterwards sees the
    images as they are."""
    window: int = Field(10, ge=2, le=64, title="Window", json_schema_extra={"unit": "characters", **RARE})
    """Of a text: how many characters the net sees; it is to tell the next one."""
    prefix: int | None = Field(
        None, ge=3, le=10_000_000, title="Prefix", json_schema_extra={"unit": "characters", **RARE, "empty": "all"}
    )
    """Of a text: characters taken from the start of each document (fable, topic, paragraph); empty: all."""

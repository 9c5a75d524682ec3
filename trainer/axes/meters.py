"""How often a run says what it does. Imports no torch."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from trainer.axes.base import RARE, Value


class Evaluate(Value, title="Evaluation"):
    """When accuracy is measured, and how."""

    every_epochs: int | None = Field(
        None,
        ge=1,
        le=1_000_000,
        title="Evaluate every",
        json_schema_extra={"unit": "epochs", "empty": "1, or 50 where an epoch is a single step"},
    )
    """Epochs between two measurements of accuracy; empty: 1, or 50 where an epoch is a single step."""
    train_images: int | None = Field(
        500, ge=1, le=10_000_000, title="Training images judged", json_schema_extra={"unit": "images", "empty": "all"}
    )
    """How many training images (always the same) the train accuracy is measured on; empty: all. The result uses all,
    unless `at_end` says otherwise."""
    at_end: Literal["all", "sample"] = Field("all", title="Judged at the end", json_schema_extra=RARE)
    """all: the result's train accuracies are those of the whole set. sample: of the images above, which is quicker
    where a set is large and its accuracy not what the run is for."""
    precision: Literal["float32", "bfloat16"] = Field("float32", title="Evaluated in", json_schema_extra=RARE)
    """The numbers that the layers' readings are computed in. In fewer bits close calls may be answered otherwise: the
    run then shows how often it answers as in float32. A head always reads float32."""


class Metrics(Value, title="Metrics"):
    """When training is measured."""

    every_steps: int = Field(10, ge=1, le=1_000_000, title="Log every", json_schema_extra={"unit": "steps"})
    """Steps between two points of the charts; a point is the mean over those steps."""


class Checkpoint(Value, title="Checkpoints"):
    """When the state of the run is stored."""

    every_seconds: float = Field(30.0, ge=0, le=86_400, title="Checkpoint every", json_schema_extra={"unit": "s"})
    """Seconds between two checkpoints; also at a stop and at the end of a phase."""

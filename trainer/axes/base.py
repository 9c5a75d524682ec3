"""What every value of an axis has in common. Imports no torch."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict
from pydantic.config import JsonDict

RARE: JsonDict = {"rare": True}
"""Marks a field that few ever change: the form folds it away."""

Moment = Literal["length", "mean", "group length", "group mean"]
"""What a normalisation can make equal for all rows: of the whole row, or of each class's group of units."""


class Value(BaseModel):
    """A frozen set of hyperparameters; attribute docstrings become the help in form, API and JSON Schema."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        use_attribute_docstrings=True,
        allow_inf_nan=False,
        serialize_by_alias=True,
        validate_by_name=True,
        validate_by_alias=True,
    )

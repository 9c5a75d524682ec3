"""What every value of an axis has in common. Imports no torch."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict
from pydantic.config import JsonDict

RARE: JsonDict = {"rare": True}
"""Marks a field that few ever change: the form folds it away."""


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

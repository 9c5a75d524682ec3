"""What every value of an axis has in common. Imports no torch."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, GetJsonSchemaHandler
from pydantic.config import JsonDict
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

RARE: JsonDict = {"rare": True}
"""Marks a field that few ever change: the form folds it away."""

Moment = Literal["length", "mean", "group length", "group mean"]
"""What a normalisation can make equal for all rows: of the whole row, or of each class's group of units."""


class Value(BaseModel):
    """A frozen set of hyperparameters; docstrings become the help in form, API and JSON Schema.

    What is more than help stands beside them: a value's `formula` and whom it `cites` here, and in a field's
    `json_schema_extra` its `unit`, its `source`, and what it means when it is `empty`.
    """

    formula: ClassVar[str] = ""
    """What the value computes, in signs."""
    cites: ClassVar[str] = ""
    """Who says so: the schema's `source`."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        use_attribute_docstrings=True,
        allow_inf_nan=False,
        serialize_by_alias=True,
        validate_by_name=True,
        validate_by_alias=True,
    )

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler, /) -> JsonSchemaValue:
        schema = handler(core_schema)
        said = {"formula": vars(cls).get("formula"), "source": vars(cls).get("cites")}
        handler.resolve_ref_schema(schema).update({key: text for key, text in said.items() if text})
        return schema

"""What keeps weights small and units busy. Imports no torch."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from trainer.axes.base import RARE, Value


class Regulariser(Value, title="Regulariser"):
    """Extra pulls on weights and activities; all off at 0."""

    weight_decay: float = Field(0.0, ge=0, le=1000, title="Weight decay")
    """Each step takes learning rate × this share off the weights (decoupled, as AdamW; biases are left alone). Where
    SGD's rate is half of a source's, under the threshold loss, this is twice: Hinton's 0.001 is 0.002 here. loeweX's
    code sends its decay through the momentum: its 0.0003 is about 0.006 here."""
    dropout: float = Field(0.0, ge=0, lt=1, title="Dropout")
    """Share of units switched off at random in training, the same ones for positive and negative of an image."""
    input_dropout: float = Field(0.0, ge=0, lt=1, title="Dropout of pixels")
    """Share of the (normalised) pixels set to 0 at random in training; the label's inputs are never dropped."""
    peer: float = Field(0.0, ge=0, le=1000, title="Peer normalisation")
    """Pulls every unit's mean activity to the layer's, so that none dies and none dominates. Hinton's 0.03 is 0.06
    here, beside a threshold loss that is twice as large."""
    peer_rows: Literal["all", "positive"] = Field("all", title="Peers among", json_schema_extra=RARE)
    """all: rows of positives and negatives are pulled alike. positive: positive rows alone, as in Hinton's code. Either
    way the mean activity is that of positive rows."""

    @property
    def across(self) -> bool:
        """Whether it looks at all images of a batch together, which then goes through whole: peers' means do."""
        return self.peer > 0

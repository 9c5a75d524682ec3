"""What keeps weights small and units busy. Imports no torch."""

from __future__ import annotations

from pydantic import Field

from trainer.axes.base import Value


class Regulariser(Value, title="Regulariser"):
    """Extra pulls on weights and activities; all off at 0."""

    weight_decay: float = Field(0.0, ge=0, le=1000, title="Weight decay")
    """Each step takes learning rate × this share off the weights (decoupled, as AdamW; biases are left alone)."""
    dropout: float = Field(0.0, ge=0, lt=1, title="Dropout")
    """Share of units switched off at random in training, the same ones for positive and negative of an image."""
    input_dropout: float = Field(0.0, ge=0, lt=1, title="Dropout of pixels")
    """Share of the (normalised) pixels set to 0 at random in training; the label's inputs are never dropped."""
    peer: float = Field(0.0, ge=0, le=1000, title="Peer normalisation")
    """Pulls every unit's mean activity to the layer's, so that none dies and none dominates. Hinton 2022: 0.03."""

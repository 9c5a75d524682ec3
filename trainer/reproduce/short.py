"""The minute form of a config: every part of it runs, nothing of it is worth recording. Imports no torch."""

from __future__ import annotations

from math import ceil
from typing import Any

from trainer import merging
from trainer.config import RunConfig, parse

EPOCHS = 2
TRAIN, VALID, TEST = 500, 50, 100
BATCH = 50


def shrink(config: RunConfig) -> RunConfig:
    """At most 2 epochs of 500 training images, 50 validation and 100 test images, batches of at most 50.

    Batches of the whole set stay so. Raises ConfigError where a preset's other settings need more.
    """
    data, schedule = config.data, config.schedule
    batch = schedule.batch_size
    changes: dict[str, Any] = {
        "data.train_size": min(data.train_size or TRAIN, TRAIN),
        "data.valid_size": min(data.valid_size, VALID),
        "data.test_size": min(data.test_size or TEST, TEST),
        "schedule.epochs": min(schedule.epochs, EPOCHS),
        "schedule.batch_size": None if batch is None else min(batch, BATCH),
        "evaluate.train_images": TEST,
    }
    if getattr(config.readout, "epochs", None):
        changes["readout.epochs"] = 1
    content = merging.change(config.model_dump(mode="json"), changes)
    for layer in content["layers"]:
        if layer.get("window"):
            layer["window"] = _window(layer["window"], schedule.epochs)
    return parse(content)


def _window(window: list[int], epochs: int) -> list[int]:
    """The same part of fewer epochs, at least one of them."""
    now = min(epochs, EPOCHS)
    start = min(window[0] * now // epochs, now - 1)
    return [start, max(start + 1, ceil(min(window[1], epochs) * now / epochs))]

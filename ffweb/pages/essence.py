"""What of a config decides what its run reaches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trainer import config as trainer_config

# Of a run, and without effect on what it reaches.
OWN = ("name", "seed", "device", "threads", "compile", "metrics", "checkpoint")


def essence(config: Mapping[str, Any]) -> dict[str, Any]:
    """What of a config decides what it reaches, with its defaults filled in."""
    whole = trainer_config.compose(config=config)
    return {name: value for name, value in whole.items() if name not in OWN}

"""The command line that trains the very config of the form."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from ffweb.pages.form_fits import changes_between
from ffweb.pages.form_spans import compact
from trainer import config as trainer_config


def commands(
    preset: str | None, config: Mapping[str, Any], seeds: Sequence[int], folder: str, named: Mapping[str, str]
) -> list[str]:
    """One `python -m trainer run …` a seed, which composes to `config` with that seed."""
    start = compact(trainer_config.parse(trainer_config.compose(preset)).model_dump(mode="json"))
    changes = {**named, **changes_between(start, compact(config))}
    return [
        _command(
            preset,
            changes if preset and seed == start["seed"] else {**changes, "seed": seed},  # something has to be set
            f"runs/{folder}" if len(seeds) == 1 else f"runs/{folder}-{seed}",
        )
        for seed in seeds
    ]


def _command(preset: str | None, changes: Mapping[str, Any], out: str) -> str:
    words = ["python", "-m", "trainer", "run"]
    words += ["--preset", preset] if preset else []
    for path, value in changes.items():
        words += ["--set", f"{path}={_text(value)}"]
    return shlex.join([*words, "--out", out])


def _text(value: object) -> str:
    """As --set reads it: JSON, and words bare where they cannot be taken for JSON."""
    if not isinstance(value, str):
        return json.dumps(value)
    try:
        json.loads(value)
    except (ValueError, RecursionError):
        return value
    return json.dumps(value)

"""What was measured here: the rows of measured.json, one a preset, seed, control and set of changes. Imports no torch.

`python -m trainer reproduce` alone writes the file; docs/results.md, `presets` and the page /methods read it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NotRequired, TypedDict

from trainer.config import RunConfig, compose, parse
from trainer.controls import CONTROLS
from trainer.errors import ConfigError
from trainer.presets.base import Preset
from trainer.presets.fingerprint import fingerprint

MEASURED = Path(__file__).with_name("measured.json")


class Machine(TypedDict):
    """What a run was computed on."""

    cpu: str | None
    """None where a GPU computed."""
    cores: int | None
    threads: int | None
    device: str
    """cpu, or the GPU's name."""
    torch: str | None


class Row(TypedDict):
    """One finished run, or one control of a preset (shared controls stand once for each preset that shares them)."""

    preset: str
    seed: int
    control: str | None
    changes: dict[str, Any]
    """Dotted changes of the preset, without those that change no result (name, device, threads, …)."""
    config: str
    """Fingerprint of the preset's config with `changes`; of a control too the one that it was derived from."""
    derived: NotRequired[str]
    """Of a control: fingerprint of its own config but for the data, so that one that is derived otherwise today counts
    no longer."""
    metrics: dict[str, float]
    """Last values: test/accuracy, train/accuracy, test/perplexity, … as far as the run has them."""
    per_layer: list[float | None]
    """Test accuracy read from each layer alone."""
    epochs: float
    images: int
    flops: float
    seconds: float
    """Wall time from end to end, the download excluded; `compute_seconds` is the part of the training steps."""
    compute_seconds: float
    peak_bytes: float | None
    """Highest memory of the process, or of the GPU where one computed."""
    ngrams: NotRequired[list[float]]
    """Of a text: test perplexity of 1-, 2-, … grams counted on the same windows."""
    test_images: int
    commit: str | None
    """As `git describe` writes it: ends in -dirty when the trainer's code was changed since."""
    date: str
    machine: Machine


def read(path: Path = MEASURED) -> list[Row]:
    """The rows in `path`; none where there is no file. Raises ValueError for one that is no JSON."""
    try:
        rows: list[Row] = json.loads(path.read_bytes())
    except FileNotFoundError:
        return []
    return rows


def current(preset: Preset, rows: Iterable[Row], changes: dict[str, Any] | None = None) -> list[Row]:
    """The rows of `preset` with exactly `changes`, those of an earlier form of its config left out."""
    changes = changes or {}
    mine = [row for row in rows if row["preset"] == preset.name and row["changes"] == changes]
    if not mine:
        return []
    try:
        config = parse(compose(preset.name, None, changes))
    except ConfigError:  # the changes name what is no setting any more
        return []
    now, controls = fingerprint(config), {row["control"] for row in mine} - {None}
    derived = {name: _derived(name, config) for name in controls if name}

    def stands(row: Row) -> bool:
        control = row["control"]
        return not control or (derived[control] is not None and row.get("derived") == derived[control])

    return [row for row in mine if row["config"] == now and stands(row)]


def _derived(control: str, config: RunConfig) -> str | None:
    """As `Row.derived` has it, by the control of today; None where there is none of that name."""
    try:
        return fingerprint(CONTROLS[control].derive(config), but=("data",)) if control in CONTROLS else None
    except ConfigError:
        return None


def variants(preset: Preset, rows: Sequence[Row]) -> list[dict[str, Any]]:
    """The sets of changes under which `preset` was measured, the preset as it is (no changes) first."""
    found: list[dict[str, Any]] = [{}]
    for row in rows:
        if row["preset"] == preset.name and row["changes"] not in found:
            found.append(row["changes"])
    return found

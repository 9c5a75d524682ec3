"""Rows of measured.json as tests want them."""

from __future__ import annotations

from trainer.config import compose, parse
from trainer.controls import CONTROLS
from trainer.presets.fingerprint import fingerprint


def row(seed=0, accuracy=0.9, control=None, preset="ff-digits", **more):
    """One of ff-digits, unless `preset` says otherwise."""
    changes = more.pop("changes", {})
    config = parse(compose(preset, None, changes))
    derived = {"derived": fingerprint(CONTROLS[control].derive(config), but=("data",))} if control else {}
    return derived | {
        "preset": preset, "seed": seed, "control": control, "changes": changes,
        "config": fingerprint(config), "metrics": {"test/accuracy": accuracy},
        "per_layer": [0.5, None], "epochs": 60, "images": 86220, "flops": 1e12, "seconds": 20.0,
        "compute_seconds": 10.0, "peak_bytes": 3e8, "test_images": 400, "commit": "0123456789abcdef-dirty",
        "date": "2026-01-31",
        "machine": {"cpu": "A processor", "cores": 2, "threads": 1, "device": "cpu", "torch": "2.13.0"}, **more,
    }  # fmt: skip

"""The modules that the web imports load no torch: neither at import nor when asked what a form asks."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.waiting import PATIENCE

LIGHT = (
    "config", "presets", "axes", "data.catalogue", "data.fingerprint", "data.folders", "data.words", "estimate",
    "metrics", "events", "rundir", "errors", "identity",
)  # fmt: skip
ASK = """
import sys
from trainer import config, estimate, presets
from trainer.data import catalogue
parsed = config.parse(config.compose("ff-digits"))
info = catalogue.describe(parsed.data.name)
catalogue.listing()
estimate.estimate(parsed, info), estimate.warnings(parsed, info), estimate.available_memory(), config.schema()
"""


def loaded_by(code: str) -> set[str]:
    """Top-level packages that a fresh interpreter has loaded after `code`."""
    show = "import sys; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{show}"], capture_output=True, text=True, timeout=PATIENCE, check=True
    )
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "code", [*(f"import trainer.{name}" for name in LIGHT), ASK], ids=[*LIGHT, "a form's questions"]
)
def test_no_torch(code):
    assert not loaded_by(code) & {"torch", "torchvision", "sklearn", "scipy", "django", "ffweb"}


TRAIN = """
import pathlib, tempfile
from tests.trainer import tiny
for preset in ("ff-digits", "backprop-digits"):
    changes = {"preset": preset, "schedule.epochs": 1, "architecture.hidden": [500, 500]}
    tiny.train(tiny.config(changes), pathlib.Path(tempfile.mkdtemp()))
"""


def test_training_loads_nothing_of_pytorchs_compiler():
    """It takes seconds and 80 MB, and is for those who ask for it (`compile`)."""
    loaded = loaded_by(TRAIN)
    assert "torch" in loaded
    assert "sympy" not in loaded

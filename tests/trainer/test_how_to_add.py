"""README's "How to add a goodness function", done to a copy of the trainer as a newcomer would."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.waiting import PATIENCE

ROOT = Path(__file__).resolve().parents[2]
ORACLE = """
import torch
from trainer.axes.goodness import Loudest
h = torch.rand(7, 5, dtype=torch.float64, requires_grad=True)
slope = torch.rand(7, 1, dtype=torch.float64)
(Loudest().scores(h, {}) * slope).sum().backward()
assert torch.allclose(Loudest().pull(h.detach(), {}, slope)[0], h.grad, atol=1e-12)
"""


@pytest.fixture
def extended(tmp_path: Path) -> Path:
    """A copy of the trainer whose one file goodness.py holds README's class."""
    shutil.copytree(ROOT / "trainer", tmp_path / "trainer")
    readme = (ROOT / "README.md").read_text()
    block = re.search(r"<!-- how-to-add: goodness -->\n```python\n(.*?)```", readme, re.S)
    assert block is not None
    file = tmp_path / "trainer" / "axes" / "goodness.py"
    body, union = file.read_text().split("AnyGoodness = Annotated[")
    file.write_text(f"{body}{block[1]}\n\nAnyGoodness = Annotated[Loudest | {union}")
    return tmp_path


def run(where: Path, *command: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, *command], cwd=where, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert done.returncode == 0, done.stderr
    return done


def test_a_goodness_function_is_one_class(extended: Path) -> None:
    run(extended, "-c", ORACLE)
    assert "Loudest unit" in run(extended, "-m", "trainer", "schema").stdout
    wide = ["--set", "architecture.hidden=[500,500]"]
    choices = [*wide, "--set", "goodness.kind=loudest", "--set", "schedule.epochs=3", "--set", "threads=1"]
    run(extended, "-m", "trainer", "run", "--preset", "ff-digits", *choices, "--out", "run")
    result = json.loads((extended / "run" / "result.json").read_text())
    assert result["test_accuracy"] > 0.5  # ten labels: it learns

"""Where results are recorded: in a checkout, in it; elsewhere beside the runs. Imports no torch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import trainer
from trainer.presets.measured import MEASURED


@dataclass(frozen=True)
class Places:
    """The rows, and the folder of the pages made from them (None outside of a checkout)."""

    rows: Path
    docs: Path | None


def places(out: Path) -> Places:
    """A checkout's own files, or `out`/measured.json for an installed trainer."""
    root = Path(trainer.__file__).parent.parent
    if (root / "pyproject.toml").exists():
        return Places(MEASURED, root / "docs")
    return Places(out / "measured.json", None)

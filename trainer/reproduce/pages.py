"""The pages that are made from the rows. Imports no torch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from trainer.presets.measured import Row
from trainer.reproduce import page
from trainer.reproduce.findings import stories
from trainer.reproduce.results import tables

MADE: dict[str, Callable[[Sequence[Row]], str]] = {"results.md": tables, "findings.md": stories}


def write(docs: Path, rows: Sequence[Row]) -> None:
    """Make them anew in the folder `docs`."""
    for name, make in MADE.items():
        page.write(docs / name, make(rows))

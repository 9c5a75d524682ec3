"""A page of which the part between two marks is made, and the rest is written by hand. Imports no torch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from trainer.rundir import write_bytes

BEGIN = "<!-- measured: made by `python -m trainer reproduce`, do not edit below -->"
END = "<!-- /measured -->"
NONE = "–"


def write(path: Path, made: str) -> None:
    """Put `made` between the marks of the page at `path`; the text before and after them stays."""
    text = path.read_text() if path.exists() else f"# {path.stem.capitalize()}\n\n"
    before, _, rest = text.partition(BEGIN)
    after = rest.partition(END)[2]
    path.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(path, f"{before}{BEGIN}\n\n{made}\n{END}{after or chr(10)}".encode())


def table(columns: Sequence[str], lines: Iterable[Sequence[str]]) -> list[str]:
    """A table's lines in Markdown."""
    return [_line(cells) for cells in (columns, ["---"] * len(columns), *lines)]


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"

"""What a browser is given is read by people too: no line of a script or template is longer than one of Python."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
COLUMNS = 120


def _longer(folder: str, *endings: str) -> Iterator[str]:
    paths = sorted(path for path in (ROOT / folder).rglob("*") if path.suffix in endings)
    assert paths
    for path in paths:
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if len(line) > COLUMNS:
                yield f"{path.relative_to(ROOT)}:{number} has {len(line)} columns"


def test_scripts() -> None:
    assert list(_longer("static/js", ".js", ".ts")) == []


def test_templates() -> None:
    assert list(_longer("templates", ".html")) == []

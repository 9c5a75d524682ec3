"""A study of memory: cases one after another, each in a process of its own, kept in one file. Imports no torch."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from trainer.errors import DataError
from trainer.profiling.cases import Case
from trainer.rundir import write_json
from trainer.surroundings import VARIABLES

Row = dict[str, Any]
"""A case's own fields, then seconds, cpu_seconds, flops, rise, before, parts; or `failed`, a sentence."""


def study(cases: Sequence[Case], path: Path) -> Iterator[tuple[Row, bool]]:
    """Each case's row, and whether it was measured before; rows are kept in `path` as they come.

    What failed before is tried again.
    """
    rows = read(path)
    for case in cases:
        known = next((row for row in rows if _same(row, case) and "failed" not in row), None)
        if known is None:
            row = _measured(case)
            rows = [*(old for old in rows if not _same(old, case)), row]
            path.parent.mkdir(parents=True, exist_ok=True)
            write_json(path, rows)
        yield known or row, known is not None


def read(path: Path) -> list[Row]:
    """The rows in `path`; none where there is no file. Raises DataError for one that is no study."""
    try:
        rows = json.loads(path.read_bytes())
    except FileNotFoundError:
        return []
    except ValueError as error:
        raise DataError(f"{path} is no JSON: {error}") from error
    if not isinstance(rows, list) or not all(isinstance(row, dict) and "method" in row for row in rows):
        raise DataError(f"{path} is no study of memory: choose another folder")
    return rows


def alike(row: Row, case: Case) -> bool:
    """Whether a row was measured as `case` is, but for method and depth."""
    return all(row.get(name) == value for name, value in case.as_dict().items() if name not in ("method", "layers"))


def _same(row: Row, case: Case) -> bool:
    return all(row.get(name) == value for name, value in case.as_dict().items())


def _measured(case: Case) -> Row:
    case.config()  # a wrong one is refused here, with its field
    return alone("trainer.profiling.measure", case.as_dict())


def alone(module: str, case: dict[str, Any], datasets: str | None = None) -> Row:
    """What `python -m module` prints of the case on its stdin, or the case with `failed`; data sets from `datasets`."""
    done = subprocess.run(
        [sys.executable, "-m", module],
        input=json.dumps(case),
        capture_output=True,
        text=True,
        check=False,
        env=VARIABLES | os.environ | ({"FFWEB_DATASETS": datasets} if datasets else {}),
    )
    if done.returncode == 0:
        row: Row = json.loads(done.stdout)
        return row
    return case | {"failed": _why(done.returncode, done.stderr)}


def _why(code: int, said: str) -> str:
    """Why a process that measures ended without a figure."""
    if code < 0:
        return f"ended by signal {-code}" + (": out of memory, most likely" if code == -9 else "")
    return said.strip().rpartition("\n")[2] or f"exit status {code}"

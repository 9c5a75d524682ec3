"""Rows of a benchmark, the machine they were measured on, and how both are shown and stored."""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import orjson
import psutil

from trainer.processor import processor

OUT = Path(__file__).parent / "out"


@dataclass(frozen=True)
class Row:
    """One measurement against its bar, if it has one: `measured` has to stay at or below it, or reach it."""

    work: str
    measured: float | None
    """None where this machine cannot measure it; `note` says why."""
    bar: float | None
    unit: str
    better: Literal["down", "up"] = "down"
    floor: float | None = None
    """CPU seconds that the products which the work cannot leave out take by themselves (benchmarks/floor.py)."""
    beside: float | None = None
    """How many times as fast as the usual script."""
    judged: bool = True
    """False where the bar means nothing on this processor; `note` says why."""
    note: str = ""

    @property
    def holds(self) -> bool:
        if self.measured is None or self.bar is None or not self.judged:
            return True
        return self.measured <= self.bar if self.better == "down" else self.measured >= self.bar


def machine() -> dict[str, Any]:
    """The machine and its state, as far as they explain a number."""
    return {
        "cpu": _cpu_name(),
        "cores": os.cpu_count(),
        "memory_bytes": psutil.virtual_memory().total,
        "system": platform.platform(),
        "python": platform.python_version(),
        "load": os.getloadavg()[0],
        "time": time.time(),
    }


def _cpu_name() -> str:
    return processor("model name") or platform.processor() or platform.machine()


def cpu_flags() -> set[str]:
    """What the first core says that it can do; empty where nothing says so."""
    return set(processor("flags").split())


def table(name: str, rows: Sequence[Row]) -> str:
    """The rows as aligned text; columns that no row fills are left out."""
    cells = [("work", "measured", "bar", "", "floor", "beside the script", "")] + [_cells(row) for row in rows]
    cells = list(zip(*(column for column in zip(*cells, strict=True) if any(column[1:])), strict=True))
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = ["  ".join(f"{text:<{width}}" for text, width in zip(line, widths, strict=True)).rstrip() for line in cells]
    return "\n".join([name, *lines])


def _cells(row: Row) -> tuple[str, ...]:
    sign = "≤" if row.better == "down" else "≥"
    return (
        row.work,
        "not measured" if row.measured is None else f"{row.measured:.4g} {row.unit}",
        "" if row.bar is None else f"{sign} {row.bar:g} {row.unit}",
        _verdict(row),
        "" if row.floor is None else f"{row.floor:.3g} s",
        "" if row.beside is None else f"{row.beside:.2g} ×",
        row.note,
    )


def _verdict(row: Row) -> str:
    if row.measured is None or row.bar is None:
        return ""
    return "not judged" if not row.judged else "ok" if row.holds else "MISSED"


def store(name: str, rows: Iterable[Row]) -> Path:
    """Write OUT/NAME.json: {machine, rows: [all fields of a row, and `holds`]}."""
    OUT.mkdir(parents=True, exist_ok=True)
    body = {"machine": machine(), "rows": [asdict(row) | {"holds": row.holds} for row in rows]}
    path = OUT / f"{name}.json"
    path.write_bytes(orjson.dumps(body, option=orjson.OPT_INDENT_2))
    return path


def run(name: str, measure: Callable[[], Sequence[Row]]) -> bool:
    """Measure, print, store; returns whether every bar holds."""
    rows = measure()
    print(table(name, rows), end="\n\n", flush=True)
    store(name, rows)
    return all(row.holds for row in rows)


def microseconds(act: Callable[[], object], times: int = 2000, repeats: int = 7) -> float:
    """Median over `repeats` of the mean wall time of one call, in µs."""
    samples = []
    for _ in range(repeats):
        begin = time.perf_counter()
        for _ in range(times):
            act()
        samples.append((time.perf_counter() - begin) / times * 1e6)
    return statistics.median(samples)

"""What the system says of the processor. Imports no torch."""

from __future__ import annotations

from pathlib import Path


def processor(field: str) -> str:
    """A field of /proc/cpuinfo for the first core; empty where nothing says so."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return ""
    parts = (line.partition(":") for line in lines)
    return next((value.strip() for name, _, value in parts if name.strip() == field), "")

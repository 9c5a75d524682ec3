"""The little accuracy line of the runs table, as an SVG path."""

from __future__ import annotations

import math
from collections.abc import Sequence

WIDTH, HEIGHT, PAD = 108.0, 30.0, 3.0


def path(values: Sequence[float | None], done: float = 1.0) -> str:
    """`values` from left to right over the share of the width that is done; gaps where a value is none."""
    known = [v for v in values if v is not None and math.isfinite(v)]
    if not known:
        return ""
    low, high = min(known), max(known)
    span = (high - low) or 1.0
    width = (WIDTH - 2 * PAD) * min(max(done, 0.05), 1.0)
    parts: list[str] = []
    pen = "M"
    for i, value in enumerate(values):
        if value is None or not math.isfinite(value):
            pen = "M"
            continue
        x = PAD + width * i / max(1, len(values) - 1)
        y = HEIGHT - PAD - (HEIGHT - 2 * PAD) * (value - low) / span
        parts.append(f"{pen}{x:.1f} {y:.1f}")
        pen = "L"
    return "".join(parts) + ("h.1" if len(parts) == 1 else "")

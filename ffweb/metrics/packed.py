"""A window of a series as JSON: plain lists, or base64 of little-endian numbers as Plotly takes them."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np

from ffweb.metrics.read import Window


def plain(window: Window) -> dict[str, Any]:
    """{x: […], y: […], total}; a value that is not finite is null."""
    y = window.y.tolist()
    if not bool(np.all(np.isfinite(window.y))):
        y = [value if ok else None for value, ok in zip(y, np.isfinite(window.y).tolist(), strict=True)]
    return {"x": window.x.tolist(), "y": y, "total": window.total}


def typed(window: Window) -> dict[str, Any]:
    """{x: {dtype, bdata} or x0, dx, y: {dtype, bdata}, total}.

    y is float32; x is exact: its start and distance where points are equally far apart, else int32 or float64.
    """
    return {**_x(window), "y": _packed(window.y, "f4"), "total": window.total}


def _x(window: Window) -> dict[str, Any]:
    x = window.x
    whole = np.issubdtype(x.dtype, np.integer)
    if whole and len(x) > 1 and bool(np.all(np.diff(x) == x[1] - x[0])):
        return {"x0": int(x[0]), "dx": int(x[1] - x[0])}
    small = whole and bool(np.all(np.abs(x) < 2**31))
    return {"x": _packed(x, "i4" if small else "f8")}


def _packed(values: Any, dtype: str) -> dict[str, str]:
    return {"dtype": dtype, "bdata": base64.b64encode(values.astype("<" + dtype).tobytes()).decode()}

"""The plot of a study of memory: one interactive page, peak above the process before the model over depth."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

from trainer.profiling.cases import METHODS
from trainer.profiling.saving import MEGABYTE, sentences
from trainer.profiling.study import Row
from trainer.words import plural

COLOURS = ("#2F6DB5", "#0E8A6A", "#8A5FBF", "#B5472F", "#A07A12", "#5B6573")
PART_NAMES = {"weights": "weights", "gradients": "gradients", "optimiser": "optimiser", "activations": "activities"}


def write(rows: Sequence[Row], path: Path) -> None:
    """Write the page, with Plotly in it, so that it opens anywhere."""
    import plotly.graph_objects as go
    from plotly.io import to_html

    figure = go.Figure()
    for colour, (method, found) in zip(COLOURS, _by_method(rows).items(), strict=False):
        figure.add_scatter(
            x=[row["layers"] for row in found],
            y=[peak(row) / MEGABYTE for row in found],
            name=METHODS[method].title,
            mode="lines+markers",
            line={"color": colour, "dash": "dashdot" if method.startswith("backprop") else "solid"},
            customdata=[_hover(row) for row in found],
            hovertemplate="%{customdata}<extra>%{fullData.name}</extra>",
        )
    figure.update_layout(
        template="plotly_white",
        xaxis_title="layers",
        yaxis_title="MB above the process before the model",
        legend={"orientation": "h", "y": -0.2},
        margin={"t": 20},
    )
    body = to_html(figure, include_plotlyjs=True, full_html=False)
    words = "".join(f"<p>{escape(text)}</p>" for text in [*said(rows), _conditions(rows)])
    path.write_text(
        "<!doctype html><html lang=en><meta charset=utf-8><title>Memory by depth</title>"
        f"<body>{body}{words}</body></html>"
    )


def said(rows: Sequence[Row]) -> list[str]:
    """How much of what FF saves comes from pieces and how much from locality, as far as `rows` tell."""
    measured = [row for row in rows if "failed" not in row]
    peaks = {(row["method"], row["layers"]): peak(row) for row in measured}
    return sentences(peaks, on_gpu=any(row["rise"]["cuda"] is not None for row in measured))


def peak(row: Row) -> float:
    """Bytes: on a GPU those of tensors, else the highest resident memory above that before the model."""
    rise = row["rise"]
    return float(rise["rss"] if rise["cuda"] is None else rise["cuda"])


def _by_method(rows: Sequence[Row]) -> dict[str, list[Row]]:
    measured = [row for row in rows if "failed" not in row]
    found = {method: [row for row in measured if row["method"] == method] for method in METHODS}
    return {method: sorted(some, key=lambda row: row["layers"]) for method, some in found.items() if some}


def _hover(row: Row) -> str:
    parts = [f"{PART_NAMES[part]} {count / MEGABYTE:.0f} MB" for part, count in row["parts"].items()]
    anonymous = row["rise"]["anonymous"]  # a run of the web does not tell it
    rest = [] if anonymous is None else [f"anonymous {anonymous / MEGABYTE:.0f} MB"]
    end = " · ".join([*rest, f"{row['seconds']:.1f} s"])
    return "<br>".join([f"{plural(row['layers'], 'layer')}: {peak(row) / MEGABYTE:.0f} MB", *parts, end])


def _conditions(rows: Sequence[Row]) -> str:
    first = rows[0]
    images = plural(first["images"], "image") if first["images"] else "all images"
    return (
        f"{first['data']}, {images}, one epoch, batches of {first['batch']:,}, layers of {first['hidden']:,}; "
        "every point is a process of its own"
    )

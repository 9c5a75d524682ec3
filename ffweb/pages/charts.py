"""Every chart of the run page, as data. The page's scripts draw whatever stands here.

To add a chart, add one entry to CHARTS at the place where it should stand (docs/how-to-add.md). A series is named as
the trainer names it; `*` stands for every layer. A card shows itself when the run has one of its series, so a chart of
a metric that only some methods report needs no condition. Metrics that no entry names get a plain card of their own
under "More measures".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from trainer.data.words import worded

Style = Literal["solid", "dashed", "thin", "area"]
Kind = Literal["lines", "map", "layer_bars", "histogram"]
Needs = Literal["", "layers", "pairs"]


@dataclass(frozen=True)
class Series:
    """Lines of a chart: one for every series that `glob` matches.

    `label` follows the layer's name at the end of a layer's line ("+" reads as "L1 +") and is the whole name of any
    other. `style`: positive data is solid, negative dashed, everywhere.
    """

    glob: str
    label: str = ""
    style: Style = "solid"


@dataclass(frozen=True)
class Now:
    """The number in a card's header: the `how` of the last values of the series that `glob` matches, after `words`.

    Of a run that has ended it is the value over the run (`trainer.metrics.Over`), and says so.
    """

    glob: str
    how: Literal["last", "best", "least", "mean", "highest"] = "last"
    words: str = ""


@dataclass(frozen=True)
class Chart:
    """One card.

    `what` says in a few words what is drawn; `unit` is that of the metrics (fraction, B, s, W, J, img/s; "" has none);
    `width` is in twelfths of the page; the last row of cards is stretched to fill it. `kind`: lines over the x axis;
    map = lines up to eight layers, a heat map (rows = layers) beyond; layer_bars = the last values, stacked, one bar a
    layer; histogram = the figure `separation-<layer>`. `needs` says for which configs the card stands empty until its
    first values come. `more` puts it under "More measures".
    """

    id: str
    title: str
    what: str
    series: tuple[Series, ...]
    unit: str = ""
    kind: Kind = "lines"
    width: int = 4
    now: Now | None = None
    theta: bool = False
    from_zero: bool = False
    needs: Needs | None = None
    more: bool = False


CHARTS: tuple[Chart, ...] = (
    Chart(
        "goodness",
        "Goodness",
        "of each layer; positive and negative data should part",
        (Series("layers/*/goodness_pos", "+"), Series("layers/*/goodness_neg", "−", "dashed")),
        width=8,
        theta=True,
        needs="pairs",
    ),
    Chart(
        "separation",
        "Separation now",
        "right and wrong labels on test images",
        (Series("layers/*/separation"),),
        kind="histogram",
        needs="pairs",
    ),
    Chart(
        "layer-accuracy",
        "Layer accuracy",
        "test",
        (Series("layers/*/accuracy"),),
        unit="fraction",
        kind="map",
        now=Now("layers/*/accuracy", "best", "highest"),
        needs="layers",
    ),
    Chart(
        "layer-loss",
        "Layer loss",
        "training",
        (Series("layers/*/loss"),),
        now=Now("layers/*/loss", "mean", "mean"),
        needs="layers",
    ),
    Chart(
        "accuracy",
        "Accuracy",
        "",
        (Series("test/accuracy", "test"), Series("train/accuracy", "train", "thin")),
        unit="fraction",
        now=Now("test/accuracy", words="test"),
        needs="",
    ),
    Chart(
        "gap",
        "Gap by layer",
        "g⁺ − g⁻",
        (Series("layers/*/gap"),),
        kind="map",
        now=Now("layers/*/gap", "least", "least"),
        needs="pairs",
    ),
    Chart(
        "throughput",
        "Throughput",
        "images per second",
        (Series("speed/images_per_second", style="area"),),
        unit="img/s",
        now=Now("speed/images_per_second"),
        from_zero=True,
        needs="",
    ),
    Chart(
        "memory",
        "Memory",
        "of the trainer",
        (Series("memory/rss", "process", "area"), Series("memory/cuda", "GPU")),
        unit="B",
        now=Now("memory/rss_peak", words="process, peak"),
        from_zero=True,
        needs="",
    ),
    Chart(
        "memory-layers",
        "Memory by layer",
        "most held",
        (
            Series("layers/*/memory/weights", "weights"),
            Series("layers/*/memory/gradients", "gradients"),
            Series("layers/*/memory/optimiser", "optimiser"),
            Series("layers/*/memory/activations", "activations"),
        ),
        unit="B",
        kind="layer_bars",
        from_zero=True,
        needs="layers",
    ),
    Chart("loss", "Loss", "training, all layers", (Series("train/loss"),), now=Now("train/loss"), needs=""),
    Chart(
        "perplexity",
        "Perplexity",
        "test",
        (Series("test/perplexity"),),
        now=Now("test/perplexity"),
    ),
    Chart(
        "energy",
        "Energy",
        "since the start",
        (Series("energy/total", style="area"),),
        unit="J",
        now=Now("energy/total"),
        from_zero=True,
    ),
    Chart(
        "power",
        "Power",
        "drawn by the GPU",
        (Series("gpu/power", style="area"),),
        unit="W",
        now=Now("gpu/power"),
        from_zero=True,
    ),
    Chart(
        "learning-rate",
        "Learning rate",
        "",
        (Series("learning_rate"),),
        now=Now("learning_rate"),
        from_zero=True,
        needs="",
    ),
    Chart(
        "step-time",
        "Time of a step",
        "and what it goes into",
        (
            Series("time/step", "step"),
            Series("time/data", "data", "thin"),
            Series("time/forward", "forward", "thin"),
            Series("time/update", "update", "thin"),
        ),
        unit="s",
        now=Now("time/step"),
        from_zero=True,
        more=True,
    ),
    Chart(
        "utilisation",
        "Utilisation",
        "100 % is one core, or the GPU",
        (Series("cpu/utilisation", "CPU"), Series("gpu/utilisation", "GPU", "thin")),
        unit="%",
        from_zero=True,
        more=True,
    ),
)


@dataclass(frozen=True)
class Bars:
    """A card of the result: paired bars, one pair a row of result.json's list `rows`; `label` names a row."""

    id: str
    title: str
    what: str
    rows: Literal["per_layer", "per_epoch"]
    label: str
    values: tuple[tuple[str, str], ...]  # (field, words), the first strong, the second light
    unit: str = "s"


RESULT_CHARTS: tuple[Bars, ...] = (
    Bars(
        "time-layers",
        "Time by layer",
        "training end to end, and on the device",
        "per_layer",
        "name",
        (("time_e2e", "training"), ("time_compute", "compute")),
    ),
    Bars(
        "time-epochs",
        "Time by epoch",
        "training end to end, and on the device",
        "per_epoch",
        "epoch",
        (("e2e_seconds", "training"), ("compute_seconds", "compute")),
    ),
)


def expected(config: Mapping[str, Any]) -> list[str]:
    """The cards that stand from the first moment, empty, for a run of this config: nothing jumps when values come."""
    has = {""}
    if config.get("scope", {}).get("kind") != "whole":
        has.add("layers")
        if config.get("competitors", {}).get("kind") not in (None, "classes"):
            has.add("pairs")
    return [chart.id for chart in CHARTS if chart.needs in has]


def as_data(kind: str = "image") -> dict[str, Any]:
    """Both tables for the page's scripts, in the words of data of this kind."""
    charts = [replace(chart, what=worded(chart.what, kind), unit=worded(chart.unit, kind)) for chart in CHARTS]
    return {"charts": [asdict(chart) for chart in charts], "bars": [asdict(bars) for bars in RESULT_CHARTS]}

"""docs/results.md: what was measured of every preset, a table for each data set. Imports no torch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from trainer.config import compose
from trainer.data.catalogue import describe
from trainer.presets import PRESETS, Preset, words
from trainer.presets.measured import Row, current, variants
from trainer.presets.summary import Against, Summary, summary
from trainer.reproduce.page import NONE, table
from trainer.words import plural

COLUMNS = (
    "preset", "what", "budget of a seed", "seeds", "test", "each layer alone", "target", "controls", "hardware",
    "commit",
)  # fmt: skip


def tables(rows: Sequence[Row], presets: Mapping[str, Preset] = PRESETS) -> str:
    """A table for each data set, with every preset."""
    groups: dict[str, list[Preset]] = {}
    for preset in presets.values():
        groups.setdefault(_data(preset), []).append(preset)
    return "\n".join(_table(_title(name), group, rows) for name, group in groups.items())


def _data(preset: Preset) -> str:
    name = compose(None, preset.config)["data"]["name"]
    return str(name)


def _title(name: str) -> str:
    """As the catalogue has it, wherever the page is made; files of one's own go by their names."""
    prefix, colon, own = name.partition(":")
    return own if colon else describe(prefix, ()).title


def _table(title: str, presets: Iterable[Preset], rows: Sequence[Row]) -> str:
    cells = [_cells(preset, changes, rows) for preset in presets for changes in variants(preset, rows)]
    return "\n".join([f"## {title}", "", *table(COLUMNS, cells), ""])


def _cells(preset: Preset, changes: dict[str, Any], rows: Sequence[Row]) -> list[str]:
    mine = current(preset, rows, changes)
    found = summary(mine, preset.target.metric if preset.target else None)
    name = "<br>".join([f"`{preset.name}`", *(f"with `{text}`" for text in words.settings(changes))])
    if found is None:
        return [name, preset.title, *_not_run(preset, changes, rows)]
    return [
        name,
        preset.title,
        _budget(found),
        ", ".join(map(str, found.figure.seeds)),
        "<br>".join(map(words.mean, (found.figure, *found.also))),
        words.layers(found.per_layer),
        _target(preset, found, bool(changes)),
        "<br>".join(_controls(found)) or "not run",
        found.hardware,
        "<br>".join(map(_commit, found.commits)),
    ]


def _not_run(preset: Preset, changes: dict[str, Any], rows: Sequence[Row]) -> list[str]:
    """The cells after the title of a preset without a result."""
    older = any(row["preset"] == preset.name and row["changes"] == changes and not row["control"] for row in rows)
    said = "not run (its settings have changed since it was)" if older else "not run"
    target = words.target(preset.target) if preset.target else NONE
    return [f"expected: {words.seconds(60 * preset.minutes)}", NONE, said, NONE, target, NONE, NONE, NONE]


def _controls(found: Summary) -> list[str]:
    lines = [_against(name, against) for name, against in found.controls.items()]
    if found.ngrams:
        counts = ", ".join(f"{n}: {value:.2f}" for n, value in enumerate(found.ngrams, 1))
        lines.append(f"perplexity of counted n-grams, by n: {counts}")
    return lines


def _budget(found: Summary) -> str:
    return f"{plural(found.epochs, 'epoch')}<br>{words.seconds(found.seconds)}<br>{plural(found.images, 'image')}"


def _target(preset: Preset, found: Summary, changed: bool) -> str:
    if preset.target is None:
        return NONE
    wanted, figure = words.target(preset.target), found.figure
    if changed:  # the target is that of the preset as it is
        return wanted
    if preset.target.met(figure.mean):
        return f"{wanted}: met"
    return f"{wanted}: **not met**, by {_distance(figure.metric, figure.mean - preset.target.value)}"


def _distance(metric: str, value: float) -> str:
    """A difference without its sign."""
    return words.difference(metric, abs(value)).lstrip("+")


def _against(name: str, against: Against) -> str:
    """`random 94.10 ± 0.20 % (3 seeds): +2.92 points, beaten (2 s.e. 0.41 points)`."""
    metric = against.control.metric
    gain = words.difference(metric, against.gain)
    bar = "" if against.error is None else f" (2 s.e. {_distance(metric, 2 * against.error)})"
    said = words.verdict(against)
    judged = f"**{said}**" if against.verdict == "behind" else said
    return f"{name} {words.mean(against.control)} ({words.seeds(against.control)}): {gain}, {judged}{bar}"


def _commit(commit: str) -> str:
    sha, _, dirty = commit.partition("-")
    return f"{sha[:9]} with changes" if dirty else sha[:9]

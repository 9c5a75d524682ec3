"""docs/findings.md: what was found, with the figures of every case. Imports no torch."""

from __future__ import annotations

from collections.abc import Sequence

from trainer.presets import words
from trainer.presets.findings import FINDINGS, Case, Finding, figures, measured
from trainer.presets.measured import Row
from trainer.presets.summary import Summary
from trainer.reproduce.page import NONE, table
from trainer.words import plural

COLUMNS = ("case", "test", "each layer alone", "frozen at random", "budget of a seed", "run")


def stories(rows: Sequence[Row], findings: Sequence[Finding] = FINDINGS) -> str:
    """A section for each finding whose cases have all been measured, and the cases that still have to be run."""
    told = [_story(finding, found) for finding in findings if (found := measured(finding, rows))]
    missing = [case for finding in findings for case in finding.cases if not figures(finding, case, rows)]
    return "\n".join([*told, *_missing(missing)])


def _missing(cases: Sequence[Case]) -> list[str]:
    if not cases:
        return []
    return ["## Not run yet", "", *(f"- {' '.join(_command(case))}" for case in cases), ""]


def _command(case: Case) -> list[str]:
    """What to give `reproduce`, a part each."""
    return [f"`{case.preset}`", *(f"`--set {text}`" for text in words.settings(case.changes))]


def _story(finding: Finding, found: Sequence[Summary]) -> str:
    cells = [_cells(case, one) for case, one in zip(finding.cases, found, strict=True)]
    parts = [f"## {finding.title}", finding.text, "\n".join(table(COLUMNS, cells)), f"*Limits.* {finding.limits}"]
    return "\n\n".join([*parts, ""])


def _cells(case: Case, found: Summary) -> list[str]:
    frozen = found.controls.get("random")
    return [
        case.words,
        "<br>".join([f"{words.mean(found.figure)} ({words.seeds(found.figure)})", *map(words.mean, found.also)]),
        words.layers(found.per_layer),
        words.mean(frozen.control) if frozen else NONE,
        f"{plural(found.epochs, 'epoch')}<br>{words.seconds(found.seconds)}<br>{found.hardware}",
        "<br>".join(_command(case)),
    ]

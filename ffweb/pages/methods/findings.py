"""What was found with this repository, its cases with the figures that were measured: trainer/presets/findings.py."""

from __future__ import annotations

from dataclasses import dataclass

from ffweb.pages.methods.base import Try
from ffweb.pages.methods.measured import effort, rows
from trainer.presets import words
from trainer.presets.findings import FINDINGS, Case, Finding, measured
from trainer.presets.summary import Summary


@dataclass(frozen=True)
class Line:
    """One case: the form that repeats it, and its figures in words."""

    again: Try
    test: str
    also: tuple[str, ...]
    """Other figures of the test set."""
    layers: str
    frozen: str
    """The same net frozen at random; empty where that was not run."""
    effort: str
    """Epochs and time of a seed."""


@dataclass(frozen=True)
class Told:
    """A finding all of whose cases have been measured."""

    finding: Finding
    lines: list[Line]
    budget: str
    """Seeds of each case, and what computed them."""


def told() -> list[Told]:
    """In the order of docs/findings.md."""
    found = [(finding, measured(finding, rows())) for finding in FINDINGS]
    return [Told(finding, list(map(_line, finding.cases, some)), _budget(some)) for finding, some in found if some]


def _budget(found: list[Summary]) -> str:
    seeds = dict.fromkeys(words.seeds(one.figure) for one in found)
    hardware = dict.fromkeys(one.hardware for one in found)
    return f"{' or '.join(seeds)} a case, on {'; '.join(hardware)}."


def _line(case: Case, found: Summary) -> Line:
    frozen = found.controls.get("random")
    return Line(
        again=Try(case.words, case.preset, ";".join(words.settings(case.changes))),
        test=words.mean(found.figure),
        also=tuple(map(words.mean, found.also)),
        layers=words.layers(found.per_layer),
        frozen=words.mean(frozen.control) if frozen else "",
        effort=effort(found),
    )

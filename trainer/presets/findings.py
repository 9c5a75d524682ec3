"""What was found with this repository: each claim with the runs that anybody can repeat to see it. Imports no torch.

`python -m trainer reproduce --findings` runs the cases; docs/findings.md and the page /methods show their figures as
measured.json has them, and leave out a finding that has a case without one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from trainer.presets import find
from trainer.presets.measured import Row, current
from trainer.presets.summary import Summary, summary


@dataclass(frozen=True)
class Case:
    """One line of a finding: a preset, with changes, and what to call it there."""

    words: str
    preset: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    """Dotted, as `--set` takes them."""


@dataclass(frozen=True)
class Finding:
    """A claim and its cases, which share data and budget unless the text says otherwise."""

    slug: str
    title: str
    text: str
    limits: str
    """What these runs do not show."""
    metric: str
    """What the cases are compared by: a series, or test/error."""
    cases: tuple[Case, ...]


def measured(finding: Finding, rows: Sequence[Row]) -> list[Summary] | None:
    """What each case came to; None where one has not been run as it stands."""
    found = [summary(current(find(c.preset), rows, dict(c.changes)), finding.metric) for c in finding.cases]
    return [one for one in found if one] if all(found) else None


FINDINGS: tuple[Finding, ...] = ()

"""What was found with this repository, in the order of docs/findings.md. Only what today's code has measured."""

from __future__ import annotations

from ffweb.pages.methods.base import Finding

FINDINGS: tuple[Finding, ...] = ()

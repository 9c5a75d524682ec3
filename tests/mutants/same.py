"""Mutants that change nothing that could be seen, each with the reason; at most five."""

from __future__ import annotations

SAME: dict[str, str] = {}

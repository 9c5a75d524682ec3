"""Stored JSON as its readers count on it: what an older import took on trust must not take a page from everybody."""

from __future__ import annotations

from typing import Any, TypeGuard

Json = dict[str, Any]


def mapping(value: Any) -> Json:
    """The object itself; an empty one in place of anything else."""
    return value if isinstance(value, dict) else {}


def is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def numbers(value: Any) -> Json:
    """{name: number or null}, without what is neither."""
    found = mapping(value)
    return {name: item for name, item in found.items() if item is None or is_number(item)}


def overall(value: Any) -> dict[str, float]:
    """{name: what it comes to over the run} of {name: [that, the step up to which it speaks]}."""
    found = {name: item[0] for name, item in mapping(value).items() if isinstance(item, list) and item}
    return {name: whole for name, whole in found.items() if is_number(whole)}


def line(value: Any) -> list[float | None]:
    """The numbers of a list."""
    return [item for item in value if item is None or is_number(item)] if isinstance(value, list) else []


def progress(value: Any) -> Json:
    """{done, eta_s, phase}."""
    said = mapping(value)
    done, eta, phase = said.get("done"), said.get("eta_s"), said.get("phase")
    return {
        "done": min(max(float(done), 0.0), 1.0) if is_number(done) else 0.0,
        "eta_s": eta if is_number(eta) else None,
        "phase": phase if isinstance(phase, str) else "",
    }

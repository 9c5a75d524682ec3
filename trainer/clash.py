"""What does not go together, with the changes that would mend it. Imports no torch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from trainer.errors import Changes, Problem

COMBINATION = "combination"
"""The type of problems that lie between fields, not in one."""
Found = Iterator[Problem]


class Misfit(NamedTuple):
    """Why a value does not go with the shapes around it, and settings of its own that would."""

    reason: str
    fixes: tuple[Changes, ...] = ()


def clash(loc: str, msg: str, *values: Any, others: Sequence[Changes] = ()) -> Problem:
    """A problem that one of `values` at `loc` mends, or one of `others`, as its sentence says.

    Changes that reach into the list of overrides are left out: a dotted path names a setting of the run.
    """
    fixes = [*({loc: value} for value in values), *others]
    settable = [fix for fix in fixes if not any(path.startswith("layers.") for path in fix)]
    return {"loc": loc, "msg": msg, "type": COMBINATION, "fixes": settable}


def misplaced(path: str, where: str, misfit: Misfit) -> Problem:
    """The problem of the value at `path` that is a misfit at `where`."""
    own = [{f"{path}.{name}": value for name, value in fix.items()} for fix in misfit.fixes]
    return clash(f"{path}.kind", f"{where}: {misfit.reason}", others=own)

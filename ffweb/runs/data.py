"""Which data runs were trained on, as far as they have said; and where one name stood for several.

Whoever puts two runs side by side asks here whether they saw the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ffweb.runs.models import Run
from trainer.data.fingerprint import Fingerprint, changed, differ, read, said
from trainer.data.fingerprint import of as described
from trainer.errors import TrainerError

NO_COMPARISON = "What they reached does not compare."


def of(run: Run) -> Fingerprint | None:
    """What `run` was trained on; None for a run that has not begun, and for one of old."""
    return read(run.environment.get("data")) if isinstance(run.environment, dict) else None


def alike(one: Fingerprint | None, other: Fingerprint | None) -> bool:
    """Whether nothing speaks against comparing two runs of one data name; what is not known does not."""
    return one is None or other is None or not differ(one, other)


def told_apart(runs: Iterable[Mapping[str, Any]]) -> list[str]:
    """A sentence for each data name that was not the same data for all of `runs` (payloads)."""
    return [_sentence(name, kinds) for name, kinds in _kinds(runs).items() if len(kinds) > 1]


def _kinds(runs: Iterable[Mapping[str, Any]]) -> dict[str, list[tuple[Fingerprint, list[str]]]]:
    """{data name: [(what it was, the runs for which it was that)]}."""
    names: dict[str, list[tuple[Fingerprint, list[str]]]] = {}
    for run in runs:
        found = run["data"]
        if found is None:
            continue
        kinds = names.setdefault(found["name"], [])
        same = next((ids for other, ids in kinds if alike(other, found)), None)
        if same is None:
            kinds.append((found, [run["id"]]))
        else:
            same.append(run["id"])
    return names


def _sentence(name: str, kinds: Sequence[tuple[Fingerprint, list[str]]]) -> str:
    first = kinds[0][0]
    parts = [
        f"{said(found, first if found is not first else kinds[1][0])} for {', '.join(ids)}" for found, ids in kinds
    ]
    return f"{name} was not the same data for all of these runs: {'; '.join(parts)}. {NO_COMPARISON}"


def strangers(run: Run, group: Iterable[Mapping[str, Any]]) -> list[str]:
    """Of the runs of its group (payloads), the ids of those that saw other data under the same name."""
    mine = of(run)
    return [other["id"] for other in group if other["id"] != run.pk and not alike(mine, other.get("data"))]


def since(run: Run) -> str:
    """How the data of `run` differ from what now has the name; empty where they do not, or where nobody knows."""
    before = of(run)
    if before is None:
        return ""
    try:
        return changed(before, described(before["name"]))
    except TrainerError:  # it is gone, or lies on another machine
        return ""


def words(run: Run, group: Iterable[Mapping[str, Any]]) -> list[str]:
    """What has to be said of the data on the page of `run`."""
    others = strangers(run, group)
    found = []
    if others:
        beside = "Run" if len(others) == 1 else "Runs"
        verb = "was" if len(others) == 1 else "were"
        found.append(
            f"{beside} {', '.join(others)} beside it {verb} trained on other data of the same name. {NO_COMPARISON}"
        )
    if run.ended and (why := since(run)):
        found.append(f"A copy or a control would train on other data: {why}.")
    return found

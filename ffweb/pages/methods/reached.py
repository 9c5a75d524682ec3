"""The best finished run of each preset that a user may see, in this installation's database."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

from ffweb.pages.form_preset import essence
from ffweb.pages.format import number, percent
from ffweb.people.models import User
from ffweb.runs import access, status
from ffweb.runs.models import Fact, Run
from trainer import config as trainer_config
from trainer.presets import Preset

ACCURACY = "test/accuracy"
LATEST = 200  # finished runs of a preset that are looked at


@dataclass(frozen=True)
class Reached:
    """The best of `runs` finished runs of a preset as it stands, and their median, in words."""

    run_id: str
    best: str
    middle: str
    runs: int


def reached(user: User, presets: Iterable[Preset]) -> dict[str, Reached]:
    """{preset: what its runs here reached}; presets that nobody has run as they stand are left out."""
    found = {preset.name: _of(user, preset) for preset in presets}
    return {name: value for name, value in found.items() if value}


def _of(user: User, preset: Preset) -> Reached | None:
    target = getattr(preset, "target", None)
    metric, up = (target.metric, target.better == "up") if target else (ACCURACY, True)
    runs = access.runs_for(user).filter(status=status.FINISHED, preset=preset.name)
    newest = list(runs.order_by("-ended").values_list("pk", flat=True)[:LATEST])
    facts = Fact.objects.filter(run__in=newest, key=f"result.{metric}.last")
    values = {pk: num for pk, num in facts.values_list("run_id", "num") if num is not None}
    wanted = essence(trainer_config.compose(preset.name)) if values else {}
    configs = Run.objects.filter(pk__in=values).values_list("pk", "config")
    same = sorted((values[pk], pk) for pk, config in configs if essence(config) == wanted)
    if not same:
        return None
    best, run_id = same[-1] if up else same[0]
    return Reached(run_id, _words(metric, best), _words(metric, median(value for value, _ in same)), len(same))


def _words(metric: str, value: float) -> str:
    name = metric.partition("/")[2]
    return f"{percent(value, 2)} test accuracy" if metric == ACCURACY else f"{name} {number(value)}"

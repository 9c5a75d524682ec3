"""Which runs a reproduction is made of, and in which folders. Imports no torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from trainer.config import RunConfig, compose, parse
from trainer.errors import ConfigError
from trainer.identity import FIGURES, same, without
from trainer.presets.fingerprint import digest, fingerprint
from trainer.reproduce.short import shrink

Controls = Mapping[str, Callable[[RunConfig], RunConfig]]
"""By name, what makes a control of a config; raises ConfigError where it would make no sense."""


@dataclass(frozen=True)
class Wish:
    """What somebody asked to reproduce."""

    presets: Sequence[str]
    out: Path
    seeds: Sequence[int] = (0,)
    controls: Controls = field(default_factory=dict)
    changes: Mapping[str, Any] = field(default_factory=dict)
    threads: int | None = None
    short: bool = False


@dataclass(frozen=True)
class User:
    """A preset that a run gives a row to."""

    preset: str
    config: str
    """Fingerprint of its config."""
    changes: dict[str, Any]


@dataclass
class Job:
    """One run: a preset, or a control that several presets may share."""

    preset: str
    seed: int
    control: str | None
    config: RunConfig
    folder: Path
    users: list[User]

    @property
    def label(self) -> str:
        """`ff-digits` or `ff-digits · random`."""
        return self.preset if self.control is None else f"{self.preset} · {self.control}"


@dataclass
class Plan:
    """The runs in their order, and what could not be planned."""

    jobs: list[Job] = field(default_factory=list)
    refused: list[ConfigError] = field(default_factory=list)
    """Presets that refuse the changes."""
    without: list[str] = field(default_factory=list)
    """Controls that make no sense for a preset, in sentences."""


def plan(*wishes: Wish) -> Plan:
    """Every preset × seed of each wish, each followed by its controls; what several have in common is one run.

    Raises ConfigError for an unknown preset, and where every preset refuses the changes.
    """
    result, known = Plan(), dict[Path, Job]()
    for wish in wishes:
        changes = effective(wish.changes)
        for preset in dict.fromkeys(wish.presets):
            _add_preset(result, known, wish, preset, changes)
    if result.refused and not result.jobs:
        raise result.refused[0]
    return result


def _add_preset(result: Plan, known: dict[Path, Job], wish: Wish, preset: str, changes: dict[str, Any]) -> None:
    try:
        runs = [Job(preset, seed, None, *_own(wish, preset, seed, changes)) for seed in wish.seeds]
    except ConfigError as error:
        if error.field == "preset":
            raise
        result.refused.append(error)
        return
    for run in runs:
        if run.folder not in known:
            result.jobs.append(known.setdefault(run.folder, run))
    for name, derive in wish.controls.items():
        _add_controls(result, known, wish, runs, (name, derive))


def effective(changes: Mapping[str, Any]) -> dict[str, Any]:
    """The changes that a result depends on. Raises ConfigError for a seed, which has an option of its own."""
    if "seed" in changes:
        raise ConfigError([{"loc": "set", "msg": "seed: --seeds says which seeds to run", "type": "usage"}])
    return without(dict(sorted(changes.items())), FIGURES)


def _own(wish: Wish, preset: str, seed: int, changes: dict[str, Any]) -> tuple[RunConfig, Path, list[User]]:
    composed = compose(preset, None, {**wish.changes, "seed": seed})
    config = parse(composed | {"threads": wish.threads} if wish.threads else composed)
    name = f"{preset}+{digest(changes)[:8]}" if changes else preset
    user = User(preset, fingerprint(config), changes)
    return shrink(config) if wish.short else config, _folder(wish) / name / str(seed), [user]


def _add_controls(
    result: Plan, known: dict[Path, Job], wish: Wish, runs: Sequence[Job], control: tuple[str, Any]
) -> None:
    name, derive = control
    for run in runs:
        try:
            config = parse(derive(run.config).model_dump(mode="json"))
        except ConfigError as error:
            result.without.append(f"{run.preset} has no control {name}: {error.reason}")
            return
        if same(config, run.config):
            result.without.append(f"{run.preset} is its own control {name}")
            return
        folder = _folder(wish) / "controls" / f"{name}-{fingerprint(config)}" / str(run.seed)
        if folder in known:
            known[folder].users += run.users
        else:
            known[folder] = Job(run.preset, run.seed, name, config, folder, [*run.users])
            result.jobs.append(known[folder])


def _folder(wish: Wish) -> Path:
    return wish.out / "short" if wish.short else wish.out

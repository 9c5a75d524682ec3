"""A form as it was sent, judged: the config it means, what changed, what is wrong, what the run would need."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from pydantic import ValidationError

from ffweb.pages import form_words
from ffweb.pages.form_fits import Misfit, changes_between, misfits, problems_of
from ffweb.pages.form_schema import form_tree
from ffweb.pages.form_spans import compact
from ffweb.pages.form_values import from_form, to_form, to_text, value_at, with_value, without_value
from ffweb.runs import controls, data, validate
from ffweb.runs.models import Run
from trainer import config as trainer_config
from trainer import estimate as estimating
from trainer.clash import COMBINATION
from trainer.config import RunConfig
from trainer.controls import CONTROLS
from trainer.data.catalogue import DataInfo, describe, facts
from trainer.errors import ConfigError, Problem
from trainer.estimate import Estimate
from trainer.presets import PRESETS

MAX_SEEDS = 20
MISSING = object()


@dataclass(frozen=True)
class Start:
    """Where a form begins: a preset or a run. `config` is complete."""

    title: str
    config: dict[str, Any]
    preset: str | None = None
    run: Run | None = None

    @property
    def key(self) -> str:
        """What a draft of this form is kept under in the browser."""
        return f"run:{self.run.pk}" if self.run else f"preset:{self.preset}"


def start_from_preset(name: str) -> Start:
    """Raises ConfigError (loc `preset`) for a name that is none."""
    config = trainer_config.parse(trainer_config.compose(name)).model_dump(mode="json")
    return Start(PRESETS[name].title, compact(config), preset=name)


def start_from_run(run: Run) -> Start:
    """Raises ConfigError for a config that today's schema refuses."""
    config = trainer_config.parse(trainer_config.compose(config=run.config)).model_dump(mode="json")
    return Start(run.name, compact(config), run=run)


@dataclass(frozen=True)
class Draft:
    """A form judged. `form` has the texts as they were typed; `config` is what they mean, right or not."""

    start: Start
    form: dict[str, str]
    config: dict[str, Any]
    changes: dict[str, Any]
    seeds: list[int]
    problems: list[Problem] = field(default_factory=list)
    better: dict[str, str] = field(default_factory=dict)  # path -> the text that was probably meant

    @cached_property
    def parsed(self) -> RunConfig | None:
        """The config if it can be run."""
        return None if self.problems else trainer_config.parse(self.config)

    @cached_property
    def sound(self) -> dict[str, Any]:
        """The config with the values it began with in place of wrong ones, so that the rest can be judged."""
        sound = self.config
        for problem in self.problems:
            if problem["type"] not in (COMBINATION, "memory"):
                sound = self._as_begun(sound, problem["loc"])
        return sound

    def _as_begun(self, config: dict[str, Any], loc: str) -> dict[str, Any]:
        """`config` with the value at `loc` as it began; where there was none, without it."""
        while loc and value_at(config, loc, MISSING) is MISSING:  # inside a list
            loc = loc.rpartition(".")[0]
        before = value_at(self.start.config, loc, MISSING)
        if not loc:
            return config
        return without_value(config, loc) if before is MISSING else with_value(config, loc, before)

    @cached_property
    def countable(self) -> RunConfig | None:
        """What estimates are made for: values in their bounds, even where they do not go together."""
        try:
            return RunConfig.model_validate(self.sound)
        except ValidationError:
            return None

    @cached_property
    def info(self) -> DataInfo | None:
        """What is known of the data set, if there is one of that name."""
        try:
            return facts(self.countable.data) if self.countable else describe(str(value_at(self.sound, "data.name")))
        except ConfigError:
            return None

    @cached_property
    def estimate(self) -> Estimate | None:
        return _counted(self.countable, self.info) if self.countable and self.info else None

    @property
    def is_backprop(self) -> bool:
        """One loss trains the whole net: it is the baseline itself and has no twin."""
        config = self.countable
        if config is None:
            return bool(value_at(self.config, "scope.kind") == "whole")
        reaches = [config.reach(layer) for layer in range(config.depth)]
        return not config.at(config.depth).scope.local and reaches == [*[None] * (config.depth - 1), 0]

    @property
    def against(self) -> list[str]:
        """The controls that are to start beside each run."""
        return [kind for kind in CONTROLS if self.form.get(f"against.{kind}") == "true"]

    @cached_property
    def no_controls(self) -> dict[str, str]:
        """{control: why this run cannot have it}."""
        return {} if self.parsed is None else controls.missing(self.parsed)

    @cached_property
    def twin_estimate(self) -> Estimate | None:
        if not self.countable or not self.info or self.is_backprop:
            return None
        try:
            return _counted(self.countable.twin(), self.info)
        except ConfigError:  # it has none, and the form says why
            return None

    @cached_property
    def warnings(self) -> list[str]:
        if not self.parsed or not self.info:
            return []
        said = estimating.warnings(self.parsed, self.info)
        return [*self._other_data, *(text for text in said if text != self.info.note)]  # which stands at the data set

    @property
    def _other_data(self) -> list[str]:
        """Of a copy: that the data are others now than those of the run it begins from."""
        run = self.start.run
        same_name = run and value_at(run.config, "data.name") == value_at(self.config, "data.name")
        why = data.since(run) if run and same_name else ""
        return [f"The run that this begins from saw other data, and does not compare: {why}."] if why else []

    @cached_property
    def misfits(self) -> dict[str, dict[str, Misfit]]:
        """Asked of the sound config: wrong numbers would hide what goes with what."""
        return misfits(self.countable, self.info) if self.countable else {}


def _counted(config: RunConfig, info: DataInfo) -> Estimate | None:
    """What a config needs; None where shapes do not fit each other, as a code for rows in a net of maps."""
    try:
        return estimating.estimate(config, info)
    except (IndexError, ValueError):
        return None


def blank_form(start: Start) -> dict[str, str]:
    """The form before anybody typed into it."""
    return to_form(form_tree(), start.config) | {"seeds": to_text(start.config.get("seed", 0)), "name": ""}


def judge(start: Start, form: Mapping[str, str]) -> Draft:
    """Read and check a form that was sent (all of it or a part; what is left out is as it began)."""
    texts = blank_form(start) | dict(form)
    read = from_form(form_tree(), form, start.config)
    problems = list(read.problems)
    seeds = _seeds(texts, problems)
    name = " ".join(texts["name"].split())
    changes = changes_between(start.config, read.config)
    config = {**read.config, "name": name or form_words.auto_name(start.title, changes), "seed": seeds[0]}
    spoken_for = {problem["loc"] for problem in problems}
    problems += [p for p in _refusals(config) if p["loc"] not in spoken_for]
    return Draft(start, texts, config, changes, seeds, problems, read.better)


def _refusals(config: dict[str, Any]) -> list[Problem]:
    """What schema, data, machine and memory have against a config."""
    if found := problems_of(config):
        return found
    try:
        validate.check(config=config)
    except ConfigError as refused:
        return refused.errors
    return []


def _seeds(texts: Mapping[str, str], problems: list[Problem]) -> list[int]:
    """The seeds as one types them: "0, 1, 2" or "0-4"; each once, in their order."""
    found: list[int] = []
    for part in re.split(r"[\s,;]+", texts["seeds"].strip()):
        match = re.fullmatch(r"(\d{1,10})(?:[-–](\d{1,10}))?", part)
        if match is None:
            return _no_seeds(problems, "Write whole numbers, such as 0, 1, 2 or 0-4.")
        first, last = int(match[1]), int(match[2] or match[1])
        if last - first >= MAX_SEEDS:
            return _no_seeds(problems, f"At most {MAX_SEEDS} seeds at once.")
        found += range(first, last + 1)
    seeds = list(dict.fromkeys(found))
    return seeds if len(seeds) <= MAX_SEEDS else _no_seeds(problems, f"At most {MAX_SEEDS} seeds at once.")


def _no_seeds(problems: list[Problem], sentence: str) -> list[int]:
    problems.append({"loc": "seeds", "msg": sentence, "type": "unreadable"})
    return [0]

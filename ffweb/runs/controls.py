"""What has to stand beside a run before its figure means anything: which controls it can have, and which it lacks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from trainer import config as trainer_config
from trainer import estimate as estimating
from trainer import identity
from trainer.config import RunConfig
from trainer.controls import CONTROLS
from trainer.data.catalogue import facts
from trainer.errors import ConfigError


def control(config: RunConfig, kind: str) -> RunConfig:
    """The control `kind` beside a config. Raises ConfigError (loc `against`) that says why there is none."""
    title = CONTROLS[kind].title
    try:
        derived = trainer_config.parse(CONTROLS[kind].derive(config).model_dump(mode="json"))
        if found := estimating.problems(derived, facts(derived.data)):
            raise ConfigError(found)
    except ConfigError as no:
        raise _refused(f"There is no control “{title}” of this run: {no.errors[0]['msg']}") from no
    if identity.same(derived, config):
        raise _refused(f"This run is itself what the control “{title}” would be.")
    return derived


def missing(config: RunConfig) -> dict[str, str]:
    """{control: why `config` cannot have it}, of those that it cannot have."""
    reasons = {}
    for kind in CONTROLS:
        try:
            control(config, kind)
        except ConfigError as no:
            reasons[kind] = no.errors[0]["msg"]
    return reasons


def lacking(config: Mapping[str, Any], others: Iterable[Mapping[str, Any]]) -> list[str]:
    """The controls that a stored config could have and that are not among `others`; none for one of old."""
    parsed = _parsed(config)
    if parsed is None:
        return []
    there = [identity.comparable(config) for config in map(_parsed, others) if config]
    found = []
    for kind in CONTROLS:
        try:
            wanted = identity.comparable(control(parsed, kind))
        except ConfigError:
            continue
        if wanted not in there:
            found.append(kind)
    return found


def _parsed(config: Mapping[str, Any]) -> RunConfig | None:
    """A stored config; None for one of old that can be run no longer."""
    try:
        return trainer_config.parse(config)
    except ConfigError:
        return None


def _refused(msg: str) -> ConfigError:
    return ConfigError([{"loc": "against", "msg": msg, "type": "no_control"}])

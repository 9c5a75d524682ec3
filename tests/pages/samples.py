"""Presets that stand for all of them: one of each kind of net, rivals and gradients, on data that any machine has."""

from __future__ import annotations

from trainer.config import RunConfig, compose, parse
from trainer.data.catalogue import facts
from trainer.errors import ConfigError
from trainer.presets import PRESETS


def _known(config: RunConfig) -> bool:
    """Whether the facts of its data set are known without a file."""
    try:
        facts(config.data)
    except ConfigError:
        return False
    return True


def samples() -> list[str]:
    """The first preset of each sort, in their order."""
    found: dict[tuple[str, ...], str] = {}
    for name in PRESETS:
        config = parse(compose(name))
        sort = (config.architecture.kind, config.competitors.kind, config.scope.kind)
        if sort not in found and _known(config):
            found[sort] = name
    return list(found.values())


SAMPLES = samples()
NETS = list({parse(compose(name)).architecture.kind: name for name in reversed(SAMPLES)}.values())
"""One of each kind of net."""

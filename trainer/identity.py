"""Which settings leave a run the same: asked by all who put runs or configs beside each other. Imports no torch.

What is not named here is part of the result, and so is a setting that is added later. There is a list for each
question; each is made of those before it, so that a setting has one place.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel

WRITTEN = ("version",)
"""How a config is written down: two that were read are of one version."""
CALLED = ("name",)
"""What a run is called."""
DRAWN = ("seed",)
"""Which of the runs that chance makes of a config. It stands in no list below: some ask for this very run (`same`), and
some for any of them (a fingerprint)."""
MACHINE = ("device", "threads")
"""Where it is computed: the last bits depend on it, and on another kind of device so do the numbers that are drawn."""

RESUMED = (*CALLED, *MACHINE, "checkpoint")
"""What may change between the parts of a run: it goes on where there is room, and says so where the machine is another.
Not how it is measured, which would put two kinds of points into one series; nor `compile`, of which nothing is said."""
WEIGHTS = (*RESUMED, "metrics", "evaluate")
"""What changes no weight, whatever it is set to on one machine: a run is watched, and does not know of it."""
BEGUN = (*WEIGHTS, "schedule.epochs")
"""What may be another in a run that begins with the checkpoint of one: its weights so far are the same, its series are
its own, and it is longer."""
FIGURES = (*WRITTEN, *RESUMED, "compile", "metrics", "evaluate.every_epochs", "evaluate.train_images")
"""What changes no figure that a run ends with, but for rounding and for chance. Of `evaluate` it is when, and on how
many training images, a run looks on its way; on what and in which numbers it is judged at the end is part of a figure.
`precision` and `memory` are no part of this: numbers of fewer bits learn otherwise, and memory is itself a figure."""


def free(path: str, lists: Iterable[str]) -> bool:
    """Whether the setting at a dotted path, or one that it is part of, is among `lists`."""
    return any(path == name or path.startswith(f"{name}.") for name in lists)


def without(settings: Mapping[str, Any], lists: Iterable[str], at: str = "") -> dict[str, Any]:
    """A config, or dotted changes of one, without the settings in `lists`; what is emptied by that goes too."""
    lists, left = tuple(lists), {}
    for key, value in settings.items():
        if free(f"{at}{key}", lists):
            continue
        inner = without(value, lists, f"{at}{key}.") if isinstance(value, Mapping) else value
        if inner or not isinstance(value, Mapping) or not value:
            left[key] = inner
    return left


def comparable(config: BaseModel, but: Iterable[str] = ()) -> dict[str, Any]:
    """What decides the figures of a run, beyond the defaults and without the settings in `but`.

    Defaults are left out so that a field added to an axis later leaves the older results valid.
    """
    return without(_sparse(config), (*FIGURES, *but))


def same(a: BaseModel, b: BaseModel) -> bool:
    """Whether both configs, seeds included, come to the same figures."""
    return comparable(a) == comparable(b)


def _sparse(value: Any) -> Any:
    """A model as a dict of its `kind` and of the fields that are not at their default."""
    if isinstance(value, BaseModel):
        kept = {}
        for name, field in type(value).model_fields.items():
            content = getattr(value, name)
            if name == "kind" or content != field.get_default(call_default_factory=True):
                kept[name] = _sparse(content)
        return kept
    if isinstance(value, list | tuple):
        return [_sparse(item) for item in value]
    return value

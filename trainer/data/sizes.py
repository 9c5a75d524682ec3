"""How many images a config trains, validates and tests on, and whether a data set can give them. Imports no torch."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from ..errors import Problem
from .family import Cut, DataInfo


class DataConfig(Protocol):
    """The part of a run's config that says what to train on."""

    @property
    def name(self) -> str: ...
    @property
    def train_size(self) -> int | None: ...
    @property
    def valid_size(self) -> int: ...
    @property
    def test_size(self) -> int | None: ...
    @property
    def standardise(self) -> str: ...
    @property
    def augment(self) -> str: ...
    @property
    def window(self) -> int: ...
    @property
    def prefix(self) -> int | None: ...


def cut_of(data: DataConfig) -> Cut:
    """How `data` cuts a text."""
    return Cut(data.window, data.prefix)


class Sizes(NamedTuple):
    """Numbers of images in use."""

    train: int
    valid: int
    test: int


def sizes(data: DataConfig, info: DataInfo) -> Sizes:
    """What `data` asks of the set `info`, or all of it where that is more than there is (`problems` says so)."""
    rest = max(1, _for_training(data, info))
    return Sizes(
        min(data.train_size or rest, rest),
        min(data.valid_size, info.train if info.valid is None else info.valid),
        min(data.test_size or info.test, info.test),
    )


def _for_training(data: DataConfig, info: DataInfo) -> int:
    """Training images that validation leaves; a set that keeps its own validation images apart loses none."""
    return info.train - data.valid_size if info.valid is None else info.train


def problems(data: DataConfig, info: DataInfo) -> list[Problem]:
    """What `data` asks of the set `info` that it does not have, or that cannot be done to it."""
    if info.kind == "text" and (found := _text_problems(data, info)):
        return found
    errors: list[Problem] = []
    rest = _for_training(data, info)
    if rest < 1:
        errors.append(_too_many("valid_size", f"at most {info.train - 1:,} of the {info.many(info.train, 'training')}"))
    elif data.train_size is not None and data.train_size > rest:
        beside = f" beside {data.valid_size:,} for validation" if data.valid_size and info.valid is None else ""
        errors.append(
            _too_many("train_size", f"{info.title} has {info.many(rest, 'training')}{beside}; at most that many", None)
        )
    if info.valid is not None and data.valid_size > info.valid:
        msg = f"{info.title} keeps {info.valid:,} {info.items} apart for validation; at most that many"
        errors.append(_too_many("valid_size", msg, info.valid))
    if data.test_size is not None and data.test_size > info.test:
        msg = f"{info.title} has {info.many(info.test, 'test')}; at most that many"
        errors.append(_too_many("test_size", msg, None))
    return errors


def _text_problems(data: DataConfig, info: DataInfo) -> list[Problem]:
    found: list[Problem] = []
    if data.augment != "none":
        msg = f"{info.title} is a text: moving or turning it would change what it says; set none"
        found.append({"loc": "data.augment", "msg": msg, "type": "text_augment", "fixes": [{"data.augment": "none"}]})
    if data.prefix is not None and data.prefix <= data.window:
        msg = f"{data.prefix} characters hold no window of {data.window} and the next: {data.window + 1} or more do"
        found.append({"loc": "data.prefix", "msg": msg, "type": "no_window", "fixes": [{"data.prefix": None}]})
    elif min(info.train, info.test) < 1:
        msg = f"the documents of {info.title} are shorter than {data.window + 1} characters: a smaller window would do"
        found.append({"loc": "data.window", "msg": msg, "type": "no_window"})
    return found


def _too_many(field: str, msg: str, *most: int | None) -> Problem:
    """A number that is too large, and those that would do: None is all of them."""
    fixes = [{f"data.{field}": number} for number in most]
    return {"loc": f"data.{field}", "msg": msg, "type": "too_many_images", "fixes": fixes}

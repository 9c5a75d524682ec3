"""How many images a config trains, validates and tests on, and whether a data set has them. Imports no torch."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from ..errors import Problem
from .family import DataInfo


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


class Sizes(NamedTuple):
    """Numbers of images in use."""

    train: int
    valid: int
    test: int


def sizes(data: DataConfig, info: DataInfo) -> Sizes:
    """What `data` asks of the set `info`, or all of it where that is more than there is (`problems` says so)."""
    rest = max(1, info.train - data.valid_size)
    return Sizes(
        min(data.train_size or rest, rest),
        min(data.valid_size, info.train),
        min(data.test_size or info.test, info.test),
    )


def problems(data: DataConfig, info: DataInfo) -> list[Problem]:
    """What `data` asks of the set `info` beyond what it has."""
    errors: list[Problem] = []
    rest = info.train - data.valid_size
    if rest < 1:
        errors.append(_too_many("valid_size", f"at most {info.train - 1:,} of the {info.train:,} training images"))
    elif data.train_size is not None and data.train_size > rest:
        beside = f" beside {data.valid_size:,} for validation" if data.valid_size else ""
        errors.append(_too_many("train_size", f"{info.title} has {rest:,} training images{beside}; at most that many"))
    if data.test_size is not None and data.test_size > info.test:
        errors.append(_too_many("test_size", f"{info.title} has {info.test:,} test images; at most that many"))
    return errors


def _too_many(field: str, msg: str) -> Problem:
    return {"loc": f"data.{field}", "msg": msg, "type": "too_many_images"}

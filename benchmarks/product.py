"""Runs of the product's own loop, step by step, on made data: what benchmarks of training measure."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch

from trainer import allocator, loop
from trainer.config import RunConfig, compose, parse
from trainer.data import Dataset, load
from trainer.plan import Step
from trainer.recorder import Recorder
from trainer.rundir import RunDir
from trainer.session import Session
from trainer.stopping import Stop

DEAD = 67
"""Columns of MNIST that are 0 in every training image."""


class Silent:
    """A stopwatch that is never looked at."""

    def start(self) -> None: ...
    def lap(self, part: str, layer: int | None = None) -> None: ...


def session(folder: Path, data: Dataset, changes: dict[str, Any], *, watched: bool = False) -> Session:
    """A run of the default config with `changes`, about to begin; without meters unless it is `watched`."""
    return begun(parse(compose(changes={"data.name": "npz:made", **changes})), data, folder, watched=watched)


def begun(config: RunConfig, data: Dataset, folder: Path, *, watched: bool = False) -> Session:
    """A run of `config`, about to begin as the product's do; without meters unless it is `watched`."""
    allocator.settle(config.memory.kind)
    place = RunDir(folder).create()
    device = data.x_train.device
    made = Session(config, data, folder=place, recorder=Recorder(place), stop=Stop(place), device=device)
    if not watched:
        _look_away(made)
    return made


@contextmanager
def blind(run: Session) -> Iterator[None]:
    """Let the run's steps go unmeasured for a while."""
    clock = run.clock
    _look_away(run)
    try:
        yield
    finally:
        del run.count  # the method comes to light again
        run.clock = clock


def _look_away(run: Session) -> None:
    run.count = lambda *args: None  # type: ignore[method-assign]
    run.clock = Silent()  # type: ignore[assignment]


def take(run: Session, step: Step) -> None:
    """One step, as the loop takes it, without what follows it."""
    if step.opens_phase:
        loop.open_phase(run, step)
    run.clock.start()
    loop.learn(run, step, run.batches.draw(step, run.rng))
    run.advance(step)


def dataset(
    folder: Path, images: int, shape: tuple[int, ...] = (28, 28), device: torch.device | str = "cpu"
) -> Dataset:
    """`images` training images of noise; of MNIST's shape as many columns are always 0 as there."""
    with _named(folder):
        rng = np.random.default_rng(0)
        x = rng.integers(0, 256, (images, *shape), dtype=np.uint8)
        x.reshape(images, -1)[:, :DEAD] = 0
        y = rng.integers(0, 10, images)
        np.savez(folder / "made.npz", x_train=x, y_train=y, x_test=x[:100], y_test=np.arange(100) % 10)
        return load(parse(compose(changes={"data.name": "npz:made"})).data, device, 0)


@contextmanager
def _named(folder: Path) -> Iterator[None]:
    """FFWEB_DATASETS names `folder`."""
    before = os.environ.get("FFWEB_DATASETS")
    os.environ["FFWEB_DATASETS"] = str(folder)
    try:
        yield
    finally:
        os.environ.pop("FFWEB_DATASETS")
        if before is not None:
            os.environ["FFWEB_DATASETS"] = before

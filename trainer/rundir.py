"""The names inside a run folder: the only thing that trainer, worker and janitor share. Imports no torch."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import orjson


@dataclass(frozen=True)
class RunDir:
    """One run's folder. Nothing is created until `create()`."""

    path: Path

    @property
    def config(self) -> Path:
        return self.path / "config.json"

    @property
    def console(self) -> Path:
        """stdout and stderr of the trainer, written by the worker."""
        return self.path / "console.log"

    @property
    def env(self) -> Path:
        return self.path / "env.json"

    @property
    def events(self) -> Path:
        return self.path / "events.jsonl"

    @property
    def checkpoint(self) -> Path:
        return self.path / "checkpoint.pt"

    @property
    def checkpoint_meta(self) -> Path:
        return self.path / "checkpoint.json"

    def layers(self, step: int) -> Path:
        """What the checkpoint of `step` leaves out where layers are streamed: their weights and moments."""
        return self.path / f"layers-{step}.bin"

    def forget_layers(self, *, but: int) -> None:
        """Drop those of other steps."""
        for path in self.path.glob("layers-*.bin"):
            if path != self.layers(but):
                path.unlink(missing_ok=True)

    @property
    def figures(self) -> Path:
        return self.path / "figures"

    @property
    def result(self) -> Path:
        """Written last: its presence means that the run is complete."""
        return self.path / "result.json"

    @property
    def stop(self) -> Path:
        """Its presence asks the trainer to stop at the next step."""
        return self.path / "stop"

    def create(self) -> RunDir:
        self.figures.mkdir(parents=True, exist_ok=True)
        return self


def write_json(path: Path, value: Any) -> int:
    """Write `value` atomically (temporary name, fsync, rename); returns the number of bytes."""
    body = orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_SERIALIZE_NUMPY)
    write_bytes(path, body)
    return len(body)


def write_bytes(path: Path, body: bytes) -> None:
    """Write `body` so that `path` always holds a whole version: the old one or the new one."""
    with replacing(path) as file:
        file.write(body)


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A file that takes the place of `path` once it is whole and on the disk; nothing is left of one that fails.

    Raises OSError with the path in it, whatever failed.
    """
    part = path.with_name(path.name + ".part")
    try:
        with part.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.filename is None:
            error.filename = str(path)
        raise

"""What can go wrong, as the person who launched the run has to read it. Imports no torch."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from typing import Any, ClassVar, Literal, NotRequired, TypedDict

Changes = dict[str, Any]
"""Dotted changes of a config, made together."""


class Problem(TypedDict):
    """One thing to fix: the dotted path of the field, a sentence that says what would work, a short machine name."""

    loc: str
    msg: str
    type: str
    fixes: NotRequired[list[Changes]]
    """What would mend it, by the rule that found it: each alone, where nothing else stands against it."""


class TrainerError(Exception):
    """Root of the errors that end a run with a sentence of their own; `exit_code` is the command's exit status."""

    exit_code: ClassVar[int] = 1
    status: ClassVar[Literal["failed", "stopped", "diverged"]] = "failed"

    def __init__(self, reason: str, field: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.field = field


class ConfigError(TrainerError):
    """The configuration cannot be run; `errors` names every field that has to change."""

    exit_code = 2

    def __init__(self, errors: Sequence[Problem]) -> None:
        self.errors = list(errors)
        first = self.errors[0]
        lines = [f"{e['loc']}: {e['msg']}" if e["loc"] else e["msg"] for e in self.errors]
        super().__init__("; ".join(lines), first["loc"])


class DataError(TrainerError):
    """A data set is missing, corrupt or could not be downloaded."""

    exit_code = 3


class Diverged(TrainerError):
    """A loss or weight stopped being a number; the reason names step and layer."""

    exit_code = 4
    status = "diverged"

    @classmethod
    def at(cls, step: int, layer: int, rate: float) -> Diverged:
        """Where it happened (layer from 1), and what would help at a learning rate of `rate`."""
        return cls(
            f"diverged at step {step:,}: the loss of layer {layer} is no number any more. The usual cause is a "
            f"learning rate that is too high: it is {rate:g}, try {rate / 10:g}",
            "optimiser.lr",
        )


class OutOfSpace(TrainerError):
    """Memory or disk ran out; what was stored before is kept."""

    exit_code = 5


class Stopped(TrainerError):
    """Somebody asked the run to stop; its checkpoint is written."""

    exit_code = 130
    status = "stopped"


_DISK = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk is full or a quota is used up",
    errno.EFBIG: "the disk is full or a quota is used up",
    errno.EROFS: "the disk is read-only",
    errno.EIO: "the disk cannot be read or written",
}


def of_disk(error: OSError) -> OutOfSpace | None:
    """The error of a disk that takes no more, with its cause and the place; None for any other."""
    if error.errno not in _DISK:
        return None
    where = error.filename or "the run folder"
    works = "see to the disk" if error.errno in (errno.EROFS, errno.EIO) else "make room"
    return OutOfSpace(f"{_DISK[error.errno]} ({where}): {works}, then resume. What was stored before is kept")

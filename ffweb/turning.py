"""Logs that other processes write stay bounded."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path


def turn_over(log: Path, most: int) -> bool:
    """When `log` has more than `most` bytes, what it holds becomes LOG.1 and it begins anew; True when that was done.

    Copied and emptied, not renamed: a process that has it open, to append, goes on writing into the same file. A disk
    that is full loses the turn, not the process.
    """
    with suppress(OSError):
        if log.stat().st_size > most:
            before = log.with_name(log.name + ".1")
            with suppress(OSError):
                shutil.copyfile(log, before)
            os.truncate(log, 0)
            return True
    return False

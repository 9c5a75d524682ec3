"""How far something rises while one kind of work is done, told from a record of the highest that somebody else keeps.

The kernel keeps it of a process's memory, the driver of a GPU's tensors; each can be let begin anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Rise:
    """The highest of `now` above what it was when this was made, the stretches of `apart` left out.

    `peak` reads the record; `reset` lets it begin anew and says whether it could.
    """

    def __init__(self, now: Callable[[], int], peak: Callable[[], int], reset: Callable[[], bool]) -> None:
        self._peak, self._reset = peak, reset
        self._highest = peak()
        self._works = reset()
        self.start = self._counted = now()
        self._apart = 0

    def highest(self) -> int:
        """The highest of all, `apart` or not, since the record began."""
        self._highest = max(self._highest, self._peak())
        return self._highest

    def above(self) -> int | None:
        """The highest above the start; None where the record cannot be reset."""
        if not self._works:
            return None
        if not self._apart:
            self._counted = max(self._counted, self._peak())
        return self._counted - self.start

    @contextmanager
    def apart(self) -> Iterator[None]:
        """What is done in here does not count; what it keeps afterwards does."""
        self.above()
        self._apart += 1
        try:
            yield
        finally:
            self.highest()
            self._reset()
            self._apart -= 1

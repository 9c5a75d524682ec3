"""What does not change any more, by a clock that cannot jump: this process's own, and only while it looks.

The wall clocks of a database, a worker and a laptop that slept may be anywhere. So nobody is judged by one: a lease
and a worker's row are values that change as long as somebody is well.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Mapping
from typing import Generic, TypeVar

LONGEST_GAP = 2.0  # seconds


Key = TypeVar("Key", bound=Hashable)


class Watch(Generic[Key]):
    """Call `look` again and again. Between two looks at most `longest_gap` seconds count: who slept has not watched."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, longest_gap: float = LONGEST_GAP) -> None:
        self._clock = clock
        self._longest_gap = longest_gap
        self._looked: float | None = None
        self._seen: dict[Key, tuple[Hashable, float]] = {}

    def look(self, values: Mapping[Key, Hashable]) -> dict[Key, float]:
        """For how many watched seconds each value has been as it is now."""
        now = self._clock()
        passed = 0.0 if self._looked is None else min(now - self._looked, self._longest_gap)
        before, self._looked = self._seen, now
        self._seen = {
            key: (value, before[key][1] + passed if key in before and before[key][0] == value else 0.0)
            for key, value in values.items()
        }
        return {key: seconds for key, (_, seconds) in self._seen.items()}

    def forget(self) -> None:
        """Begin anew: while the database is away, nobody can write that they are well."""
        self._looked, self._seen = None, {}

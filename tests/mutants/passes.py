"""Which tests pass through which functions, as a run of them shows."""

from __future__ import annotations

import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from types import CodeType, FrameType
from typing import Any

import pytest

from tests.mutants.targets import Target


class Passes:
    """A plugin of pytest that notes, test by test, what is called of the targets."""

    def __init__(self, targets: Sequence[Target]) -> None:
        self._known = {target.function().__code__: target.name for target in targets}
        self.by_target: dict[str, set[str]] = defaultdict(set)
        self.seconds: dict[str, float] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        seen: set[CodeType] = set()
        known = self._known

        def note(frame: FrameType, event: str, argument: Any) -> None:
            if frame.f_code in known:
                seen.add(frame.f_code)

        began = time.perf_counter()
        before = sys.gettrace()
        sys.settrace(note)
        try:
            return (yield)  # type: ignore[return-value]
        finally:
            sys.settrace(before)
            self.seconds[item.nodeid] = time.perf_counter() - began
            for code in seen:
                self.by_target[known[code]].add(item.nodeid)

    def tests(self, target: Target, most: float) -> tuple[list[str], float]:
        """Those that pass through it, the quickest first, that take `most` seconds together; and what they take."""
        chosen, total = [], 0.0
        for name in sorted(self.by_target.get(target.name, ()), key=self.seconds.__getitem__):
            total += self.seconds[name]
            if chosen and total > most:
                break
            chosen.append(name)
        return chosen, total

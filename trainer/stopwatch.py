"""Where the time of a step goes. On a GPU the device's own clock is read, at the next `collect`, never in the step."""

from __future__ import annotations

import time
from collections import defaultdict
from typing import Literal

import torch

Part = Literal["data", "forward", "update"]


class Stopwatch:
    """Adds the time between two laps to a part of the step and, where one is named, to a layer."""

    def __init__(self, device: torch.device) -> None:
        self._device, self._cuda = device, device.type == "cuda"
        self.parts: dict[Part, float] = defaultdict(float)
        self.layers: dict[int, float] = defaultdict(float)
        self._pending: list[tuple[Part, int | None, torch.cuda.Event, torch.cuda.Event]] = []
        self.start()

    def start(self) -> None:
        """Begin a step: what came before belongs to nobody."""
        self._last = time.perf_counter()
        if self._cuda:
            self._mark = self._event()

    def lap(self, part: Part, layer: int | None = None) -> None:
        """The time since the last lap went to `part`, for `layer` (from 0)."""
        if self._cuda:
            mark = self._event()
            self._pending.append((part, layer, self._mark, mark))
            self._mark = mark
            return
        now = time.perf_counter()
        self._add(part, layer, now - self._last)
        self._last = now

    def collect(self) -> None:
        """Wait for the device and count what is pending."""
        if self._pending:
            torch.cuda.synchronize(self._device)
            for part, layer, begin, end in self._pending:
                self._add(part, layer, begin.elapsed_time(end) / 1000)
            self._pending.clear()

    def take(self) -> tuple[dict[Part, float], dict[int, float]]:
        """Seconds by part and by layer since the last call."""
        taken = dict(self.parts), dict(self.layers)
        self.parts.clear()
        self.layers.clear()
        return taken

    def _add(self, part: Part, layer: int | None, seconds: float) -> None:
        self.parts[part] += seconds
        if layer is not None:
            self.layers[layer] += seconds

    @staticmethod
    def _event() -> torch.cuda.Event:
        event = torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]
        event.record()
        return event

"""Rows of the runs table as the template and page/runs.js show them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ffweb.pages.format import percent
from ffweb.pages.method import Method, method
from ffweb.people.models import initials
from ffweb.runs import status
from ffweb.runs.queries import peak_memory, took
from trainer.data.catalogue import describe
from trainer.data.folders import read_folders
from trainer.errors import TrainerError

DATA_SECONDS = 60
"""How long a table says what it once found of a data set."""


@dataclass(frozen=True)
class Data:
    """A data set as the table names it."""

    name: str
    title: str
    items: str = "images"


@dataclass(frozen=True)
class Row:
    """One run: its payload, and what is derived from it for the eye."""

    run: Mapping[str, Any]
    method: Method
    data: Data
    accuracy: float | None
    best: bool
    memory: float | None
    speed: float | None
    energy: float | None
    seconds: float | None
    active: bool
    sparkline: list[float | None]

    @property
    def note(self) -> str:
        """The line under the pill: why it ended badly, or when it starts."""
        if self.run["status"] in (status.FAILED, status.DIVERGED, status.LOST):
            return str(self.run["reason"])
        if self.run["silent_since"]:
            return "no sign of life"
        place = self.run["queue_position"]
        return "" if place is None else "next" if place == 1 else f"{place - 1} ahead"

    @property
    def done(self) -> float:
        return float(self.run["progress"]["done"])

    @property
    def span(self) -> float:
        """How much of its width the little line takes: as far as the run came."""
        return 1.0 if self.run["status"] == status.FINISHED else self.done

    @property
    def accuracy_text(self) -> str:
        return percent(self.accuracy)

    @property
    def line_label(self) -> str:
        return f"Test accuracy so far, now {self.accuracy_text}"

    @property
    def rate(self) -> str:
        """The unit of its throughput."""
        return "windows/s" if self.data.items == "windows" else "img/s"

    @property
    def initials(self) -> str:
        return initials(self.run["owner"])


def data_of(name: str) -> Data:
    """Title of a data set; one that is gone keeps its name."""
    return _data_of(name, int(time.monotonic() // DATA_SECONDS))


@lru_cache(maxsize=256)
def _data_of(name: str, moment: int) -> Data:
    """As files were at that moment: they change."""
    try:
        info = describe(name, read_folders())
    except TrainerError:
        items = "windows" if name.startswith("text:") else "images"
        return Data(name, name.removeprefix("npz:").removeprefix("text:"), items)
    return Data(name, info.title, info.items)


def row(run: Mapping[str, Any], best: Mapping[tuple[str, str], float]) -> Row:
    values = run["latest"]
    data = data_of(str(run["config"].get("data", {}).get("name", "")))
    content = run["data"]["content"] if run["data"] else ""
    accuracy, chosen_by = values.get("test/accuracy"), values.get("valid/accuracy")
    return Row(
        run=run,
        method=method(run["config"]),
        data=data,
        accuracy=accuracy,
        best=run["ended"] is not None and chosen_by is not None and chosen_by == best.get((data.name, content)),
        memory=peak_memory(values),
        speed=values.get("speed/images_per_second"),
        energy=values.get("energy/total"),
        seconds=took(run),
        active=run["status"] in status.ACTIVE,
        sparkline=run["sparkline"],
    )

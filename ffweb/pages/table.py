"""What the runs table was asked for: its address read into a filter, an order and a page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

# Segment, word, and the terms of the filter language it stands for.
VIEWS: dict[str, tuple[str, str]] = {
    "": ("All", ""),
    "active": ("Active", "status:active"),
    "mine": ("Mine", "owner:me"),
    "failed": ("Failed", "status:failed,diverged,lost"),
    "archived": ("Archived", "archived:yes"),
}


@dataclass(frozen=True)
class Column:
    """One header. `sort` is what its button orders by, `down` whether the largest come first."""

    name: str
    word: str
    sort: str = ""
    down: bool = False
    number: bool = False


COLUMNS = (
    Column("run", "Run", "name"),
    Column("method", "Method"),
    Column("status", "Status", "status"),
    Column("line", "Accuracy over time"),
    Column("accuracy", "Test accuracy", "acc", down=True, number=True),
    Column("memory", "Memory", number=True),
    Column("speed", "Throughput", number=True),
    Column("energy", "Energy", "energy", number=True),
    Column("took", "Took", "duration", number=True),
    Column("started", "Started", "created", down=True, number=True),
    Column("by", "By", "owner"),
)


@dataclass(frozen=True)
class Wish:
    """Unknown views, data sets and pages are read as none: an address typed by hand still shows a table."""

    view: str = ""
    q: str = ""
    data: str = ""
    sort: str = ""
    page: int = 1

    @classmethod
    def read(cls, params: Mapping[str, str]) -> Wish:
        page = params.get("page", "1")
        view = params.get("view", "")
        return cls(
            view=view if view in VIEWS else "",
            q=params.get("q", "").strip(),
            data=params.get("data", "").replace('"', ""),
            sort=params.get("sort", ""),
            page=max(1, int(page)) if page.isascii() and page.isdigit() and len(page) < 8 else 1,
        )

    @property
    def filter(self) -> str:
        data = f'data:"{self.data}"' if self.data else ""
        return " ".join(part for part in (VIEWS[self.view][1], data, self.q) if part)

    @property
    def narrowed(self) -> bool:
        return bool(self.view or self.q or self.data)

    def ordered(self, column: Column) -> str:
        """aria-sort of a header."""
        if self.sort.lstrip("-") != column.sort or not column.sort:
            return "descending" if not self.sort and column.sort == "created" else ""
        return "descending" if self.sort.startswith("-") else "ascending"

    def next_order(self, column: Column) -> str:
        """What its button asks for: the useful direction first, the other one next."""
        now = self.ordered(column)
        down = now != "descending" if column.down else now == "ascending"
        return f"-{column.sort}" if down else column.sort

    def heads(self, energy: bool) -> list[Head]:
        """The headers; energy only where somebody measured it."""
        return [Head(c, self.ordered(c), self.next_order(c)) for c in COLUMNS if energy or c.name != "energy"]


@dataclass(frozen=True)
class Head:
    """A header with its aria-sort and what its link asks for."""

    column: Column
    order: str
    next: str

"""Patterns in which `*` stands for any text: the only wildcard that FFWeb knows, at a cost linear in text and pattern.

`re` and `fnmatch` are no choice here: a pattern of a member's must not be able to hold the interpreter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import CharField, Lookup, TextField
from django.db.models.sql.compiler import SQLCompiler

if TYPE_CHECKING:
    TextLookup = Lookup[str]  # generic in the stubs alone
else:
    TextLookup = Lookup


class Glob:
    """A pattern for text in memory; letter case counts."""

    def __init__(self, pattern: str) -> None:
        self._first, *self._rest = pattern.split("*")

    def matches(self, text: str) -> bool:
        """Whether the whole of `text` fits. Taking each part where it comes first leaves the most for those behind."""
        if not self._rest:
            return text == self._first
        if not text.startswith(self._first):
            return False
        at = len(self._first)
        for part in self._rest[:-1]:
            at = text.find(part, at)
            if at < 0:
                return False
            at += len(part)
        return len(text) - at >= len(self._rest[-1]) and text.endswith(self._rest[-1])


@CharField.register_lookup
@TextField.register_lookup
class GlobLookup(TextLookup):
    """`column__glob="*mnist*"`: by the database's own LIKE, letter case aside. It gives up at the first `*` that cannot
    be placed, as above, in SQLite and Postgres."""

    lookup_name = "glob"

    def get_prep_lookup(self) -> str:
        escaped = str(self.rhs).replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        return escaped.replace("*", "%")

    def as_sql(self, compiler: SQLCompiler, connection: Any) -> tuple[str, tuple[Any, ...]]:
        left, left_params = self.process_lhs(compiler, connection)
        right, right_params = self.process_rhs(compiler, connection)
        if connection.vendor == "postgresql":
            left, right = f"UPPER({left}::text)", f"UPPER({right})"
        return f"{left} LIKE {right} ESCAPE '\\'", (*left_params, *right_params)

"""Which modules a page's script imports, found by reading them once."""

from __future__ import annotations

import posixpath
import re
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders
from django.templatetags.static import static

# The form the hashed storage rewrites too: relative, double quotes, a semicolon at the end.
IMPORT = re.compile(r'^(?:import|export)\b[^;"]*"(\.[^"]+)";', re.MULTILINE)


def imports(name: str) -> list[str]:
    """The modules that `name` (a path under static/) imports directly. Raises FileNotFoundError."""
    found = finders.find(name)
    if not isinstance(found, str):
        raise FileNotFoundError(f"static/{name}")
    text = Path(found).read_text(encoding="utf-8")
    return [posixpath.normpath(posixpath.join(posixpath.dirname(name), target)) for target in IMPORT.findall(text)]


def closure(name: str) -> list[str]:
    """`name` and all it imports, each once, nearest first."""
    seen = [name]
    for module in seen:
        seen += [m for m in dict.fromkeys(imports(module)) if m not in seen]
    return seen


@lru_cache
def _kept(name: str) -> tuple[str, ...]:
    return tuple(closure(name))


def preloads(name: str) -> list[str]:
    """Addresses of `name` and all it imports. Read once, but in debug anew on every page."""
    return [static(module) for module in (closure(name) if settings.DEBUG else _kept(name))]

"""A class is called what it is, and one that no stylesheet knows is a hook that is named here."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PART = re.compile(r"\{%.*?%\}|\{\{.*?\}\}")
ATTRIBUTE = re.compile(r'\sclass="((?:\{%.*?%\}|\{\{.*?\}\}|[^"{])*)"')
SCRIPTED = re.compile(r'\bclass: "([^"]*)"|\bclassName = "([^"]*)"|classList\.\w+\("([^"]*)"')
HOOKS = {
    "ago": "the times that frame.js keeps fresh",
    "away": "says that the server did not answer; the next answer takes it away",
    "chained": "a field whose layers are drawn as a chain",
    "rowed": "a field whose layers of their own are drawn as rows",
    "quantity": "the number in a cell of a run's row",
    "span-4": "the width that a card has by itself",
}


def _files(folder: str, ending: str) -> list[str]:
    found = [path.read_text() for path in sorted((ROOT / folder).rglob(f"*{ending}"))]
    assert found
    return found


def _styled() -> set[str]:
    """Every class that a selector of the stylesheets names."""
    names: set[str] = set()
    for text in _files("static/css", ".css"):
        plain = re.sub(r'/\*.*?\*/|"[^"]*"', "", text, flags=re.DOTALL)
        for before in re.findall(r"([^{};]*)\{", plain):
            if not before.strip().startswith("@"):
                names |= set(re.findall(r"\.([A-Za-z][\w-]*)", before))
    return names


def _whole_names(value: str) -> set[str]:
    """The classes of an attribute, less those that a variable completes."""
    return {
        name
        for name in PART.sub(lambda part: " " if part[0].startswith("{%") else "…", value).split()
        if "…" not in name
    }


def _used() -> set[str]:
    names: set[str] = set()
    for text in _files("templates", ".html") + _files("ffweb", ".py"):
        for value in ATTRIBUTE.findall(text):
            names |= _whole_names(value)
    for text in _files("static/js", ".js"):
        for values in SCRIPTED.findall(text):
            names |= set(" ".join(values).split())
    return names


def test_no_class_is_an_abbreviation_of_two_letters() -> None:
    assert sorted(name for name in _styled() | _used() if len(name) < 3) == []


def test_every_class_has_a_style_or_is_a_hook() -> None:
    assert sorted(_used() - _styled() - set(HOOKS)) == []


def test_every_hook_is_used_and_has_no_style() -> None:
    assert sorted(set(HOOKS) - _used()) == []
    assert sorted(set(HOOKS) & _styled()) == []

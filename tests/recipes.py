"""The recipes of docs/how-to-add.md, carried out on a copy of the source as a newcomer would.

A recipe is the blocks under `<!-- how-to-add: NAME -->`. The sentence before each says where the block goes: "In
`FILE`, below `LINE`", "above `LINE`", or "In a new file `FILE`"; "`NAME` joins `LIST`" adds a name to a union or tuple.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

from tests.waiting import PATIENCE

ROOT = Path(__file__).resolve().parents[1]
DOCUMENT = ROOT / "docs" / "how-to-add.md"
COPIED = ("trainer", "ffweb", "tests", "templates", "static", "docs", "pyproject.toml", "README.md")
BLOCK = re.compile(r"(?P<said>[^\n]+)\n\n<!-- how-to-add: (?P<name>[\w-]+) -->\n```\w+\n(?P<body>.*?)```\n", re.S)
PLACE = re.compile(r"In (?P<new>a new file )?`(?P<file>[^`]+)`(?:, (?P<where>above|below) `(?P<line>[^`]+)`)?")
UNION, TUPLE = r"Annotated\[(?P<union>[^,]+)", r"\([^)]+"
JOINS = re.compile(r"`(\w+)` joins ((?:(?: and )?`\w+`)+)")


class Step(NamedTuple):
    """One block and where it goes."""

    file: str
    line: str | None
    """What the line begins with that it stands beside; None: the block is the file."""
    below: bool
    body: str
    joins: tuple[tuple[str, str], ...]
    """Names, and the unions or tuples in that file that take them."""


def recipes() -> set[str]:
    """The names of all recipes."""
    return {found["name"] for found in BLOCK.finditer(DOCUMENT.read_text())}


def steps(recipe: str) -> Iterator[Step]:
    """What a recipe tells to do."""
    for found in BLOCK.finditer(DOCUMENT.read_text()):
        if found["name"] == recipe:
            place = PLACE.search(found["said"])
            assert place, f"this does not say where the block goes: {found['said']}"
            assert bool(place["new"]) != bool(place["line"]), found["said"]
            joins = [
                (name, union) for name, unions in JOINS.findall(found["said"]) for union in unions.split("`")[1::2]
            ]
            yield Step(place["file"], place["line"], place["where"] == "below", found["body"], tuple(joins))


def touched(recipe: str) -> set[str]:
    """The files that a recipe writes or changes, tests not counted."""
    return {step.file for step in steps(recipe) if not step.file.startswith("tests/")}


def follow(recipe: str, root: Path) -> None:
    """Do what the recipe says to a new copy of the source at `root`, as tidy as `make check` wants it."""
    for name in COPIED:
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy2)(source, root / name)
    for step in (told := list(steps(recipe))):
        _carry_out(step, root / step.file)
    assert told, f"there is no recipe {recipe}"
    python = sorted({step.file for step in told if step.file.endswith(".py")})
    for command in (["format"], ["check", "--fix"]):
        run(root, "-m", "ruff", *command, "--no-cache", *python)


def _carry_out(step: Step, file: Path) -> None:
    if step.line is None:
        assert not file.exists(), f"{step.file} is not new"
        file.write_text(step.body)
        return
    lines = file.read_text().splitlines(keepends=True)
    places = [place for place, line in enumerate(lines) if line.lstrip().startswith(step.line)]
    assert len(places) == 1, f"{step.file} has {len(places)} lines that begin with {step.line}"
    (place,) = places
    lines.insert(place + step.below, step.body + ("" if step.below else _gap(step.body)))
    text = "".join(lines)
    for name, union in step.joins:
        text, times = re.subn(rf"^{union}\b[^\n]*= (?:{UNION}|{TUPLE})", partial(_joined, name), text, flags=re.M)
        assert times == 1, f"{step.file} has no {union} to join"
    file.write_text(text)


def _gap(body: str) -> str:
    """Two empty lines after a class, as everywhere."""
    return "\n\n" if body.startswith("class ") else ""


def _joined(name: str, members: re.Match[str]) -> str:
    """The members and one more, the last."""
    return members[0] + (" | " if members["union"] else ", ") + name


def run(where: Path, *command: str) -> str:
    """What a command prints that is run in the copy, by this Python; it must succeed."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "FFWEB_"))}
    done = subprocess.run(
        [sys.executable, *command], cwd=where, env=env, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-5000:]
    return done.stdout


def hold(where: Path, *chosen: str) -> None:
    """These tests of the copy hold."""
    run(where, "-m", "pytest", "-q", "-p", "no:cacheprovider", *chosen)

"""What is broken: the functions of the mathematical rooms, found by looking."""

from __future__ import annotations

import ast
import importlib
import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("axes", "blocks", "update", "negatives", "sampler.py", "meters.py")
WORDS = ("Tensor", "float", "Reading", "Negatives")
"""A function whose signature has one of these computes something."""


@dataclass(frozen=True)
class Target:
    """A function and where it stands."""

    path: Path
    module: str
    qualname: str
    node: ast.FunctionDef

    @property
    def name(self) -> str:
        return f"{self.path.relative_to(ROOT / 'trainer')}:{self.qualname}"

    def function(self) -> FunctionType:
        """The live function, out of its decorators; what a cache among them holds is let go."""
        found: Any = importlib.import_module(self.module)
        for part in self.qualname.split("."):
            found = inspect.getattr_static(found, part)
        found = found.fget if isinstance(found, property) else getattr(found, "__func__", found)
        if hasattr(found, "cache_clear"):
            found.cache_clear()
        function = inspect.unwrap(found)
        assert isinstance(function, FunctionType)
        return function


def targets() -> list[Target]:
    """All of them, in the order of their files."""
    return [target for room in ROOMS for path in _files(ROOT / "trainer" / room) for target in _of(path)]


def _files(room: Path) -> list[Path]:
    return [room] if room.suffix else sorted(room.rglob("*.py"))


def _of(path: Path) -> Iterator[Target]:
    module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for name, node in _functions(ast.parse(path.read_text()), ""):
        if _computes(node, any_word=path.name == "meters.py"):
            yield Target(path, module, name, node)


def _functions(node: ast.AST, prefix: str) -> Iterator[tuple[str, ast.FunctionDef]]:
    """Functions of a module and of its classes; what is defined within one belongs to it."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef):
            yield from _functions(child, f"{prefix}{child.name}.")
        elif isinstance(child, ast.FunctionDef):
            yield prefix + child.name, child


def _computes(node: ast.FunctionDef, *, any_word: bool) -> bool:
    body = [line for line in node.body if not (isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant))]
    told = " ".join(ast.unparse(part) for part in (node.args, node.returns) if part)
    abstract = any("abstractmethod" in ast.unparse(decorator) for decorator in node.decorator_list)
    return bool(body) and not abstract and (any_word or any(word in told for word in WORDS))

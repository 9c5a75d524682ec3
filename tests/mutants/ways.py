"""How a function is broken: a sign, a factor, a term left out, an edge moved by one."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import CodeType
from typing import Any

from tests.mutants.targets import Target

SWAPPED: dict[type[ast.AST], Any] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult,
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
}  # fmt: skip
NAMED = {
    "add_": "sub_",
    "sub_": "add_",
    "mul_": "div_",
    "div_": "mul_",
    "argmax": "argmin",
    "amax": "amin",
    "max": "min",
}


SIGNS: dict[Any, str] = {
    ast.Add: "+", ast.Sub: "−", ast.Mult: "·", ast.Div: "/", ast.Lt: "<", ast.LtE: "≤", ast.Gt: ">", ast.GtE: "≥",
}  # fmt: skip
SMALL = 100
"""Whole numbers below it are counts and axes, of which one more is another; those above are doubled."""
SPOKEN = ast.JoinedStr | ast.Assert | ast.Raise | ast.AnnAssign
"""Statements and texts that compute nothing."""


@dataclass(frozen=True)
class Mutant:
    """A function with one thing wrong."""

    target: Target
    way: str
    body: ast.FunctionDef

    @property
    def name(self) -> str:
        return f"{self.target.name}: {self.way}"

    def code(self) -> CodeType:
        """What the function runs, broken."""
        tree = ast.parse(self.target.path.read_text())
        for node in ast.walk(tree):
            for field, old in ast.iter_fields(node):
                if isinstance(old, list):
                    for place, child in enumerate(old):
                        if isinstance(child, ast.FunctionDef) and child.lineno == self.target.node.lineno:
                            getattr(node, field)[place] = self.body
        whole = compile(ast.fix_missing_locations(tree), str(self.target.path), "exec", dont_inherit=True)
        return next(code for code in _codes(whole) if code.co_qualname == self.target.qualname)


def _codes(code: CodeType) -> Iterator[CodeType]:
    for const in code.co_consts:
        if isinstance(const, CodeType):
            yield const
            yield from _codes(const)


def mutants(target: Target) -> list[Mutant]:
    """Every way in which it is broken, no two alike."""
    found: dict[str, Mutant] = {}
    around = {child: node for node in ast.walk(target.node) for child in ast.iter_child_nodes(node)}
    for place, node in enumerate(ast.walk(target.node)):
        if not _computed(node, target.node):
            continue
        if isinstance(node, ast.Return) and not _numbers(target.node):
            continue
        for way, change in _ways(node):
            body = copy.deepcopy(target.node)
            change(list(ast.walk(body))[place])
            where = f" in {_said(_setting(node, around))}" if isinstance(node, ast.Constant) else ""
            found.setdefault(ast.dump(body), Mutant(target, way + where, body))
    found.pop(ast.dump(target.node), None)
    return list(found.values())


def _computed(node: ast.AST, function: ast.FunctionDef) -> bool:
    """Whether it is part of what the function does: no annotation, default or decorator, no sentence of an error."""
    outside = [*function.args.defaults, *function.args.kw_defaults, *function.decorator_list, function.returns]
    outside += [arg.annotation for arg in [*function.args.args, *function.args.kwonlyargs]]
    outside += [
        part for part in ast.walk(function) if isinstance(part, ast.JoinedStr | ast.Assert | ast.Raise | ast.AnnAssign)
    ]
    return not any(node in ast.walk(part) for part in outside if part)


def _setting(node: ast.AST, around: dict[ast.AST, ast.AST]) -> ast.AST:
    """The call, comparison or formula that a number stands in."""
    while node in around and not isinstance(node, ast.Call | ast.Subscript | ast.BinOp | ast.Compare | ast.stmt):
        node = around[node]
    return node


def _numbers(function: ast.FunctionDef) -> bool:
    """Whether it returns numbers, or a tuple that begins with some."""
    returns = ast.unparse(function.returns) if function.returns else ""
    return returns.startswith(("Tensor", "float", "int", "tuple[Tensor", "tuple[float"))


def _ways(node: ast.AST) -> Iterator[tuple[str, Callable[[ast.AST], None]]]:
    """(in words, what to do to a copy of the node)."""
    match node:
        case ast.BinOp(op=op) if other := SWAPPED.get(type(op)):
            yield f"{_said(node)}: {SIGNS[type(op)]} becomes {SIGNS[other]}", _set("op", other())
            yield f"{_said(node)}: without the right side", _becomes(lambda n: n.left)
            if isinstance(op, ast.Add | ast.Mult):
                yield f"{_said(node)}: without the left side", _becomes(lambda n: n.right)
        case ast.UnaryOp(op=ast.USub()) if not isinstance(node.operand, ast.Constant):
            yield f"{_said(node)}: without its sign", _becomes(lambda n: n.operand)
        case ast.Compare(ops=[op]) if other := SWAPPED.get(type(op)):
            yield f"{_said(node)}: {SIGNS[type(op)]} becomes {SIGNS[other]}", _set("ops", [other()])
        case ast.Constant(value=value) if type(value) is int:
            other = value + 1 if value < SMALL else 2 * value
            yield f"{value} becomes {other}", _set("value", other)
        case ast.Constant(value=value) if type(value) is float and value:
            yield f"{value} becomes {2 * value}", _set("value", 2 * value)
        case ast.Attribute(attr=name) if name in NAMED:
            yield f"{name} becomes {NAMED[name]}", _set("attr", NAMED[name])
        case ast.Return(value=value) if isinstance(value, ast.BinOp | ast.Call):
            yield f"{_said(value)}: twice as much", _twice
        case ast.Expr(value=ast.Call()):
            yield f"{_said(node)}: left out", _becomes_pass


def _said(node: ast.AST) -> str:
    text = ast.unparse(node)
    return text if len(text) <= 50 else f"{text[:47]}…"


def _set(field: str, value: object) -> Callable[[ast.AST], None]:
    return lambda node: setattr(node, field, value)


def _becomes(part: Callable[..., ast.expr]) -> Callable[[ast.AST], None]:
    """The node turns into one of its parts."""

    def change(node: ast.AST) -> None:
        other = part(node)
        node.__class__ = type(other)  # type: ignore[assignment]
        node.__dict__ = dict(other.__dict__)

    return change


def _twice(node: ast.AST) -> None:
    assert isinstance(node, ast.Return)
    assert node.value is not None
    doubled = ast.parse(
        f"__import__('tests.mutants.twice', fromlist=['twice']).twice({ast.unparse(node.value)})", mode="eval"
    )
    node.value = doubled.body


def _becomes_pass(node: ast.AST) -> None:
    node.__class__ = ast.Pass  # type: ignore[assignment]

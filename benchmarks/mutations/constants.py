"""Finds the numbers among a module's constants, and doubles and halves each."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from benchmarks.mutations.mutant import Mutant, module_path, span

Number = int | float

TYPES = {"read_only", "writable"}
"""Calls that make the types of a compiled loop's arrays: what holds them is a type, too."""


def mutants_of(root: Path, file: Path) -> list[Mutant]:
    """Return a mutant for twice and for half of every number of a module's constants.

    Parameters
    ----------
    root : Path
        Of the tree.
    file : Path
        The module, in the tree.
    """
    text = file.read_bytes()
    found = []
    for name, node, value in numbers(text):
        start, end = span(text, node)
        old = text[start:end].decode()
        for changed in changes(value):
            new = f"({changed!r})" if changed < 0 else repr(changed)
            found.append(Mutant(module_path(root, file), name, old, new, start, end))
    return found


def changes(value: Number) -> list[Number]:
    """Return twice and half of a number, whole where it is whole; nothing of zero.

    >>> changes(0.3), changes(5), changes(1)
    ([0.6, 0.15], [10, 2], [2, 0])
    """
    if value == 0:
        return []
    return [2 * value, int(value / 2) if isinstance(value, int) else value / 2]


def numbers(text: bytes) -> Iterator[tuple[str, ast.expr, Number]]:
    """Yield name, node and value of every number in the constants of a module.

    A constant is what is assigned, at the top of a module, to a name in capitals. ``4 / 255`` and
    ``1 << 18`` are one number each. Where a constant holds several, they are ``NAME[0]`` and so on.
    """
    for statement in ast.parse(text).body:
        for name, value in constants_of(statement):
            held = list(numbers_in(value))
            for place, (node, number) in enumerate(held):
                yield f"{name}[{place}]" if len(held) > 1 else name, node, number


def constants_of(statement: ast.stmt) -> Iterator[tuple[str, ast.expr]]:
    """Yield the names in capitals that a statement assigns to, each with its part of the value."""
    if isinstance(statement, ast.AnnAssign) and statement.value is not None:
        targets: list[ast.expr] = [statement.target]
        value = statement.value
    elif isinstance(statement, ast.Assign):
        targets, value = statement.targets, statement.value
    else:
        return
    for target in targets:
        if isinstance(target, ast.Name):
            if is_constant(target.id):
                yield target.id, value
        elif isinstance(target, ast.Tuple):
            names = [t.id for t in target.elts if isinstance(t, ast.Name) and is_constant(t.id)]
            if len(names) < len(target.elts):
                continue
            if isinstance(value, ast.Tuple) and len(value.elts) == len(names):
                yield from zip(names, value.elts, strict=True)
            else:
                yield names[0], value


def is_constant(name: str) -> bool:
    """Whether a name is in capitals."""
    return name.isupper()


def numbers_in(node: ast.expr) -> Iterator[tuple[ast.expr, Number]]:
    """Yield the numbers of an expression from left to right; none of a type.

    Arithmetic on plain numbers is one number.
    """
    if not any(isinstance(n, ast.Name) and n.id in TYPES for n in ast.walk(node)):
        yield from _numbers_below(node)


def _numbers_below(node: ast.AST) -> Iterator[tuple[ast.expr, Number]]:
    if isinstance(node, ast.expr):
        number = _value(node)
        if number is not None:
            yield node, number
            return
    for child in ast.iter_child_nodes(node):
        yield from _numbers_below(child)


def _value(node: ast.expr) -> Number | None:
    """Value of an expression that is made of plain numbers alone; None if it is not."""
    parts = [n for n in ast.walk(node) if not isinstance(n, ast.operator | ast.unaryop)]
    if not all(isinstance(n, ast.Constant | ast.BinOp | ast.UnaryOp) for n in parts):
        return None
    if not all(type(n.value) in (int, float) for n in parts if isinstance(n, ast.Constant)):
        return None
    found = eval(compile(ast.Expression(node), "constant", "eval"), {"__builtins__": {}})
    return found if type(found) in (int, float) else None

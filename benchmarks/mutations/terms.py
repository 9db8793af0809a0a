"""Signs and terms of formulas that the table ``terms.toml`` names, each changed once."""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path

from benchmarks.mutations.mutant import Mutant, span

TABLE = Path(__file__).with_name("terms.toml")


def term_mutants(root: Path, table: Path = TABLE) -> list[Mutant]:
    """Return a mutant for every row of the table.

    Raises
    ------
    LookupError
        If a row's text does not stand exactly once in its function.
    """
    rows = tomllib.loads(table.read_text(encoding="utf-8")).get("term", [])
    return [_mutant(root, **row) for row in rows]


def _mutant(root: Path, path: str, function: str, old: str, new: str) -> Mutant:
    text = (root / path).read_bytes() if (root / path).is_file() else b""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef) and node.name == function:
            start, end = span(text, node)
            place = text.find(old.encode(), start, end)
            if place >= 0 and text.count(old.encode(), start, end) == 1:
                return Mutant(path, function, old, new, place, place + len(old.encode()))
    raise LookupError(f"{path}: '{old}' does not stand exactly once in {function}()")

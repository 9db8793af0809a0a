"""One change of one file."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Mutant:
    """A file with one place changed.

    Attributes
    ----------
    path : str
        Of the file, from the root of the tree, with slashes.
    name : str
        Of the constant, ``NAME`` or ``NAME[2]`` for the third of its numbers, or of the function.
    old, new : str
        What stood there and what stands there now, as source text.
    start, end : int
        Where, in bytes of the file.
    """

    path: str
    name: str
    old: str
    new: str
    start: int
    end: int

    @property
    def key(self) -> str:
        """What is changed into what, in a line."""
        return f"{self.path}:{self.name} {self.old} -> {self.new}"

    def applied(self, text: bytes) -> bytes:
        """Return the file's bytes with the change."""
        assert text[self.start : self.end] == self.old.encode()
        return text[: self.start] + self.new.encode() + text[self.end :]


def span(text: bytes, node: ast.expr | ast.stmt) -> tuple[int, int]:
    """Return where a node begins and ends, in bytes of the file."""
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    begin = starts[node.lineno - 1] + node.col_offset
    return begin, starts[node.end_lineno - 1] + node.end_col_offset


def module_path(root: Path, file: Path) -> str:
    """Return a file's path from the root of the tree, with slashes."""
    return file.relative_to(root).as_posix()

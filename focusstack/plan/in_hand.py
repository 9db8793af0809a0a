"""How a plan is kept in a file, and shown by an interpreter or in a notebook."""

from __future__ import annotations

from html import escape
from importlib import import_module
from pathlib import Path
from typing import Any

from focusstack.runtime.files import write_atomically


class Kept:
    """What a StackPlan can do besides saying what is in it."""

    def save(self: Any, path: str | Path) -> Path:
        """Write the plan as report.json, complete or not at all; return the path.

        Raises
        ------
        OutputError
            If it cannot be written.
        """
        file = _file()
        write_atomically(Path(path), file.plan_to_json(self).encode())
        return Path(path)

    @staticmethod
    def load(path: str | Path) -> Any:
        """Return the StackPlan in a report.json; see `focusstack.read_plan`."""
        return _file().read_plan(path)

    def __repr__(self: Any) -> str:
        """Return what it is of, and how good."""
        used, (width, height) = len(self.used()), self.canvas
        grade = f", {self.verdict.sentence()}" if self.verdict else ""
        return (
            f"<StackPlan of {len(self.frames)} frames ({used} used) of {width} x {height} pixels, "
            f"laid on {self.reference}{grade}>"
        )

    def _repr_html_(self: Any) -> str:
        """Return a table of the frames, for notebooks."""
        cells = [
            (f.file, str(f.verdict or "used") if f.used else f"left out: {f.reason or ''}")
            for f in self.frames
        ]
        rows = "".join(f"<tr><th>{escape(n)}</th><td>{escape(v)}</td></tr>" for n, v in cells)
        return f"<p>{escape(repr(self)[1:-1])}</p><table>{rows}</table>"


def _file() -> Any:
    """The module that knows how a plan is written: it knows plans, so it is asked for by name."""
    return import_module("focusstack.plan.file")

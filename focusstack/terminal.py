"""Progress and messages for people: bars with time left on stderr, quiet when nobody looks."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID


class TerminalProgress:
    """A Progress that draws bars on a terminal and prints warnings always.

    Parameters
    ----------
    quiet : bool
        No bars, even on a terminal.
    """

    def __init__(self, quiet: bool = False) -> None:
        self._visible = sys.stderr.isatty() and not quiet
        self._bars: Bars | None = None
        self._task: TaskID | None = None

    def start(self, stage: str, total: int) -> None:
        """Begin a bar."""
        logging.getLogger("focusstack").info(stage)
        if not self._visible:
            return
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bars

        self._bars = Bars(
            TextColumn("{task.description:<24}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
        )
        self._bars.start()
        self._task = self._bars.add_task(stage, total=total)

    def advance(self, steps: int = 1) -> None:
        """Move the bar."""
        if self._bars is not None and self._task is not None:
            self._bars.advance(self._task, steps)

    def finish(self) -> None:
        """End the bar."""
        if self._bars is not None:
            self._bars.stop()
            self._bars = None

    def note(self, message: str) -> None:
        """Say it where someone asked for more (``--verbose``)."""
        logging.getLogger("focusstack").info(message)

    def warn(self, message: str) -> None:
        """Print a warning."""
        print(f"warning: {message}", file=sys.stderr)

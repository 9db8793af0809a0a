"""Progress and messages for people: bars with time left on stderr, quiet when nobody looks."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING

from focusstack.cli.door import whisper
from focusstack.cli.log import log
from focusstack.runtime.memory import in_use

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import Task, TaskID


class TerminalProgress:
    """A Progress that draws a bar for each stage on a terminal and prints warnings always.

    Parameters
    ----------
    quiet : bool
        No bars, even on a terminal.
    """

    def __init__(self, quiet: bool = False) -> None:
        self._visible = sys.stderr.isatty() and not quiet
        self._bars: Bars | None = None
        self._task: TaskID | None = None
        self._quiet = quiet
        self._announced = ""

    def announce(self, text: str) -> None:
        """Say something once the work begins: not if it never does."""
        self._announced = text

    def start(self, stage: str, total: int) -> None:
        """Begin a bar."""
        if self._announced and not self._quiet:
            whisper(self._announced)
        self._announced = ""
        logging.getLogger("focusstack").info(stage)
        log(stage)
        if not self._visible:
            return
        self._bars = _bars(stage)
        self._bars.start()
        self._task = self._bars.add_task(stage, total=total)

    def advance(self, steps: int = 1) -> None:
        """Move the bar."""
        if self._bars is not None and self._task is not None:
            self._bars.advance(self._task, steps)

    def finish(self) -> None:
        """End the bar, full unless an error ended it; it stays with the time that it took."""
        if self._bars is not None and self._task is not None:
            if sys.exception() is None:
                total = self._bars.tasks[0].total
                self._bars.update(self._task, completed=total)
            self._bars.stop_task(self._task)
            self._bars.stop()
            self._bars = None

    def note(self, message: str) -> None:
        """Say it where someone asked for more (``--verbose``)."""
        logging.getLogger("focusstack").info(message)
        log(message)

    def warn(self, message: str) -> None:
        """Print a warning."""
        whisper(f"warning: {message}")


NAMED, TOLD = 20, 31
"""Columns of a stage's name, and of what is told behind its bar."""

WIDEST_BAR, LEAST_BAR = 28, 6
"""Columns of a bar; below the least there is none."""


def bar_width(name: str, columns: int) -> int:
    """Return how long a bar is that stands between a stage's name and what is told of it.

    Examples
    --------
    >>> [bar_width("Aligning", columns) for columns in (100, 70, 50)]
    [28, 16, 0]
    """
    left = min(WIDEST_BAR, columns - max(NAMED, len(name)) - TOLD - 3)
    return left if left >= LEAST_BAR else 0


def _bars(name: str) -> Bars:
    """Stage, bar, steps, time left or taken, memory: what fits."""
    from rich.console import Console
    from rich.progress import BarColumn, ProgressColumn, TextColumn
    from rich.progress import Progress as Bars
    from rich.table import Column
    from rich.text import Text

    class Facts(ProgressColumn):
        """Steps, time left and then time taken, memory in use."""

        def render(self, task: Task) -> Text:
            steps = f"{task.completed:.0f}/{task.total:.0f}"
            held = memory(in_use()) if roomy else ""
            return Text(f"{steps:>7}  {clock(task):<12}  {held}".rstrip())

    console = Console(stderr=True)
    wide = bar_width(name, console.width)
    roomy = wide > 0 or console.width > len(name) + TOLD
    column = Column(no_wrap=True, min_width=len(name))
    names = TextColumn(f"{{task.description:<{NAMED}}}", table_column=column)
    facts = Facts(Column(no_wrap=True, overflow="crop"))
    columns = [names, BarColumn(bar_width=wide), facts] if wide else [names, facts]
    return Bars(*columns, console=console)


def clock(task: Task) -> str:
    """How long a stage will still take, or has taken."""
    if task.stop_time is not None:
        return f"took {duration(task.elapsed or 0)}"
    left = task.time_remaining
    return "" if left is None else f"{duration(left)} left"


def duration(seconds: float) -> str:
    """Return a time as people say it: ``7 s``, ``2 min 05 s``, ``1 h 10 min``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d}"
    return f"{whole // 3600} h {whole // 60 % 60:02d}"


def memory(count: int | None) -> str:
    """Return bytes as people say them; nothing if they are not known."""
    if count is None:
        return ""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"

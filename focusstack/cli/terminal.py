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
        self._bars = _bars()
        self._bars.start()
        self._task = self._bars.add_task(stage, total=total)

    def advance(self, steps: int = 1) -> None:
        """Move the bar."""
        if self._bars is not None and self._task is not None:
            self._bars.advance(self._task, steps)

    def finish(self) -> None:
        """End the bar; it stays with the time that it took."""
        if self._bars is not None and self._task is not None:
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


def _bars() -> Bars:
    """Stage, bar, steps, time left or taken, memory."""
    from rich.console import Console
    from rich.progress import BarColumn, ProgressColumn, TextColumn
    from rich.progress import Progress as Bars
    from rich.text import Text

    class Facts(ProgressColumn):
        """Steps, time left and then time taken, memory in use."""

        def render(self, task: Task) -> Text:
            steps = f"{task.completed:.0f}/{task.total:.0f}"
            return Text(f"{steps:>7}  {clock(task):<12}  {memory(in_use())}")

    return Bars(
        TextColumn("{task.description:<20}"),
        BarColumn(bar_width=28),
        Facts(),
        console=Console(stderr=True),
    )


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

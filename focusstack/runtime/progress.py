"""How far along: a protocol that stages report to, silent unless someone listens."""

from __future__ import annotations

import logging
import sys
import warnings
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from time import monotonic
from typing import Protocol, TypeVar

T = TypeVar("T")

LOGGER = logging.getLogger("focusstack")
"""What happens is logged to it."""

PACKAGE = str(Path(__file__).parents[1])
"""Folder of the package: what is called in it is not what a user has written."""


class StackWarning(UserWarning):
    """What may be wrong with a stack, and is no reason to stop; it also lands in the plan.

    Raised through `warnings` only where nobody has set up `logging`, so that it is said once.
    ``warnings.simplefilter("error", StackWarning)`` makes it an error, which ends the run.
    """


class Progress(Protocol):
    """Receives the stages of a run."""

    def start(self, stage: str, total: int) -> None:
        """Begin `stage`, which takes `total` steps."""

    def advance(self, steps: int = 1) -> None:
        """Report `steps` more done."""

    def finish(self) -> None:
        """End the current stage."""

    def note(self, message: str) -> None:
        """Mention something that is as it should be."""

    def warn(self, message: str) -> None:
        """Show a warning at once; it also lands in the report."""


class Silent:
    """A Progress that says nothing."""

    def start(self, stage: str, total: int) -> None:
        """Ignore."""

    def advance(self, steps: int = 1) -> None:
        """Ignore."""

    def finish(self) -> None:
        """Ignore."""

    def note(self, message: str) -> None:
        """Ignore."""

    def warn(self, message: str) -> None:
        """Ignore."""


class Logged(Silent):
    """A Progress that logs what it is told, to the logger ``focusstack``: Python's default."""

    def start(self, stage: str, total: int) -> None:
        """Log it."""
        LOGGER.info("%s (%d steps)", stage, total)

    def note(self, message: str) -> None:
        """Log it."""
        LOGGER.info(message)

    def warn(self, message: str) -> None:
        """Log it as a warning; where nobody has set up logging, it is one of Python's."""
        if LOGGER.hasHandlers():
            LOGGER.warning(message)
        else:
            warnings.warn(message, StackWarning, stacklevel=_steps_out())


def _steps_out() -> int:
    """Calls up to the one from outside the package, as `warnings.warn` counts from its caller."""
    frame, steps = sys._getframe(1), 1
    while frame.f_back is not None and frame.f_code.co_filename.startswith(PACKAGE):
        frame, steps = frame.f_back, steps + 1
    return steps


@contextmanager
def stage(progress: Progress, name: str, total: int) -> Iterator[None]:
    """Report a stage of `total` steps, which ends however its block ends."""
    progress.start(name, total)
    try:
        yield
    finally:
        progress.finish()


@contextmanager
def track(
    progress: Progress, name: str, items: Generator[T, None, None], total: int
) -> Iterator[Iterator[T]]:
    """Give `items`, each reported to `progress` once it has been dealt with.

    However the block ends, `items` are closed: threads that read ahead end with it.
    """

    def reported() -> Iterator[T]:
        for item in items:
            yield item
            del item  # a frame is large: let it go before the next one is made
            progress.advance()

    with stage(progress, name, total), closing(items):
        yield reported()


class StageClock:
    """A Progress that measures how long each stage takes, and passes everything on.

    Parameters
    ----------
    listener : Progress, optional
        What it passes on to; silent if not given.

    Attributes
    ----------
    stages : list of (str, float)
        The stages that have ended, and the seconds each took.
    """

    def __init__(self, listener: Progress | None = None) -> None:
        self._listener = listener or Silent()
        self._began = monotonic()
        self._stage: tuple[str, float] | None = None
        self.stages: list[tuple[str, float]] = []

    @property
    def seconds(self) -> float:
        """Since the clock was made."""
        return monotonic() - self._began

    def start(self, stage: str, total: int) -> None:
        """Begin `stage`."""
        self._stage = stage, monotonic()
        self._listener.start(stage, total)

    def advance(self, steps: int = 1) -> None:
        """Pass on."""
        self._listener.advance(steps)

    def finish(self) -> None:
        """End the current stage."""
        if self._stage is not None:
            name, began = self._stage
            self.stages.append((name, monotonic() - began))
            self._stage = None
        self._listener.finish()

    def note(self, message: str) -> None:
        """Pass on."""
        self._listener.note(message)

    def warn(self, message: str) -> None:
        """Pass on."""
        self._listener.warn(message)

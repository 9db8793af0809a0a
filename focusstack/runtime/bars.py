"""Progress bars for Python and notebooks, by rich or by tqdm."""

from __future__ import annotations

import logging
from typing import Any, Literal

from focusstack.errors import UsageError
from focusstack.runtime.extras import extra


class RichBars:
    """A Progress that draws a bar for each stage with rich; warnings are printed.

    Examples
    --------
    >>> import focusstack
    >>> focusstack.stack("photos", progress=focusstack.progress_bars())  # doctest: +SKIP
    """

    def __init__(self) -> None:
        self._bars: Any = None

    def start(self, stage: str, total: int) -> None:
        """Begin a bar."""
        from rich.progress import Progress

        self._bars = Progress()
        self._bars.start()
        self._bars.add_task(stage, total=total)

    def advance(self, steps: int = 1) -> None:
        """Move the bar."""
        if self._bars is not None:
            self._bars.advance(0, steps)

    def finish(self) -> None:
        """End the bar."""
        if self._bars is not None:
            self._bars.stop()
        self._bars = None

    def note(self, message: str) -> None:
        """Log it."""
        logging.getLogger("focusstack").info(message)

    def warn(self, message: str) -> None:
        """Log it."""
        logging.getLogger("focusstack").warning(message)


class TqdmBars(RichBars):
    """A Progress that draws a bar for each stage with tqdm, which has to be installed."""

    def start(self, stage: str, total: int) -> None:
        """Begin a bar."""
        from tqdm.auto import tqdm

        self._bars = tqdm(desc=stage, total=total)

    def advance(self, steps: int = 1) -> None:
        """Move the bar."""
        if self._bars is not None:
            self._bars.update(steps)

    def finish(self) -> None:
        """End the bar."""
        if self._bars is not None:
            self._bars.close()
        self._bars = None


def progress_bars(kind: Literal["rich", "tqdm"] = "rich") -> RichBars:
    """Return progress bars for `stack` and its like.

    Raises
    ------
    UsageError
        If there are none of that kind, or tqdm is not installed.

    Examples
    --------
    >>> type(progress_bars()).__name__
    'RichBars'
    """
    if kind == "rich":
        return RichBars()
    if kind != "tqdm":
        raise UsageError(f"there are no progress bars of {kind}", "Choose rich or tqdm.")
    extra("tqdm.auto", "notebook", "tqdm is not installed")
    return TqdmBars()

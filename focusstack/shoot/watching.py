"""Stacks while shooting: as soon as a burst is over it is stacked, and its verdict is told."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import ExitStack
from pathlib import Path
from time import monotonic

from focusstack.errors import InputError
from focusstack.options import OutputOptions
from focusstack.runtime.extras import extra
from focusstack.shoot.arrivals import Arrivals
from focusstack.shoot.batch import Tell, batch
from focusstack.shoot.content import readable
from focusstack.shoot.gathering import find_pictures
from focusstack.shoot.lanes import Lanes
from focusstack.shoot.settings import BatchOptions

LOOK = 0.5
"""Seconds between two looks at the folder. Chosen: as soon as people notice."""

Clock = Callable[[], float]


class Watch:
    """A folder that is watched.

    Parameters
    ----------
    folder : path
        Where pictures arrive; folders in it, too.
    output : OutputOptions
        Where the results go.
    options : BatchOptions
        As of a batch.
    patience : float, optional
        Seconds after the last frame at which a burst is over; by its own rhythm if not given.

    Raises
    ------
    InputError
        If there is no such folder.
    """

    def __init__(
        self,
        folder: Path,
        output: OutputOptions,
        options: BatchOptions,
        patience: float | None = None,
    ) -> None:
        if not folder.is_dir():
            raise InputError(f"{folder} is no folder.", "Name the folder that pictures arrive in.")
        self.folder, self.output, self.options = folder, output, options
        self._arrivals = Arrivals(patience)
        self._dealt: set[Path] = set()
        self._dealt_with: tuple[Path, ...] = ()

    def look(self, now: float) -> list[Path]:
        """Look at the folder; return the pictures to be stacked if a burst is over.

        They are those that are in no stack yet, and those of the last one, which may go on.
        """
        found = find_pictures([self.folder], {self.output.folder.resolve()})
        self._arrivals.look([path for path in found if path not in self._dealt], now)
        there = tuple(sorted(self._arrivals.files))
        if there == self._dealt_with or not self._arrivals.is_over(now):
            return []
        self._dealt_with = there
        return list(there)

    def stack(self, paths: list[Path], executor: Executor | None, tell: Tell) -> int:
        """Stack what has arrived; return how many stacks there are."""
        try:
            states = batch(paths, self.output, self.options, executor, tell=tell).states
        except InputError:
            if all(path.exists() for path in paths):
                raise
            return 0  # somebody has sorted some out meanwhile: what is left is looked at again
        if not states:
            return 0
        last = {record.path for record in states[-1].inputs}
        names = {path: readable(str(path.resolve())) for path in paths}
        newest = max(last, default="")
        kept = {path for path, name in names.items() if name in last or name > newest}
        self._dealt |= set(paths) - kept
        self._dealt_with = tuple(sorted(kept))
        return len(states)


def watch_folder(
    watch: Watch,
    tell: Tell,
    executor: Executor | None = None,
    stop: threading.Event | None = None,
    *,
    once: bool = False,
) -> None:
    """Stack what arrives in a folder until told to stop.

    Parameters
    ----------
    watch : Watch
        The folder, and what is done.
    tell : callable
        Hears of every stack that is over.
    executor : Executor, optional
        Does the work; a process of this machine if not given.
    stop : threading.Event, optional
        Ends the watch.
    once : bool, optional
        Whether it ends with the first burst that is a stack.

    Raises
    ------
    UsageError
        If the library that watches folders is not installed.
    OutputError
        If nothing can be written.
    """
    stop = stop or threading.Event()
    with ExitStack() as ending:
        if executor is None:
            executor = Lanes(watch.options.jobs or 1)
            ending.callback(executor.shutdown)
        for _ in _changes(watch.folder, stop):
            paths = watch.look(monotonic())
            if paths and watch.stack(paths, executor, tell) and once:
                return


def _changes(folder: Path, stop: threading.Event) -> Iterator[object]:
    """Yield when something has changed, and now and then."""
    missing = "folders are watched by an extra that is not installed"
    found: Iterator[object] = extra("watchfiles", "watch", missing).watch(
        folder,
        stop_event=stop,
        watch_filter=None,
        debounce=200,
        rust_timeout=round(1000 * LOOK),
        yield_on_timeout=True,
        raise_interrupt=True,
    )
    return found

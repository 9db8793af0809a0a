"""Pictures that arrive while somebody shoots: which are whole, and when a burst is over.

A file is whole once it has not changed for a while and what it holds ends as it should. Names that
end otherwise than those of pictures – what FTP and tether programs write until all is there – are
no pictures yet; neither are hidden ones.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median

from focusstack.images.suffixes import kind
from focusstack.shoot.shots import read_shot

SETTLED = 1.0
"""Seconds for which a file must not have changed. Chosen: programs that copy write all the time."""

HOPELESS = 30.0
"""Seconds after which a file that has not changed is taken as it is: what is wrong with it is said
when it is stacked. Chosen: connections that stand still for longer are dead."""

PATIENCE = 4.0
"""Times the usual interval between arrivals for which nothing arrives when a burst is over. Chosen:
hands hesitate for three."""

SHORTEST = 4.0
"""Seconds for which nothing arrives, at least, when a burst is over. Chosen: a camera that empties
its buffer makes pauses of one or two."""


@dataclass
class Arrival:
    """A file that has arrived, or is arriving.

    Attributes
    ----------
    size, changed : int
        As last seen.
    seen : float
        When it was first seen, on a clock that only goes forward.
    since : float
        Since when it has not changed.
    whole : bool
        Whether all of it is there.
    """

    size: int
    changed: int
    seen: float
    since: float
    whole: bool = False


class Arrivals:
    """What has arrived so far.

    Parameters
    ----------
    patience : float, optional
        Seconds after the last arrival at which a burst is over; by the rhythm if not given.
    """

    def __init__(self, patience: float | None = None) -> None:
        self._patience = patience
        self.files: dict[Path, Arrival] = {}

    def look(self, paths: Iterable[Path], now: float) -> None:
        """Note what is there now; files that are gone are forgotten.

        Parameters
        ----------
        paths : iterable of path
            Pictures in the folder.
        now : float
            Seconds, on a clock that only goes forward.
        """
        present: dict[Path, Arrival] = {}
        for path in paths:
            with suppress(OSError):
                told = path.stat()
                present[path] = self._noted(path, told.st_size, told.st_mtime_ns, now)
        self.files = present

    def _noted(self, path: Path, size: int, changed: int, now: float) -> Arrival:
        known = self.files.get(path)
        if known is None:
            return Arrival(size, changed, now, now)
        if (known.size, known.changed) != (size, changed):
            return Arrival(size, changed, known.seen, now)
        quiet = now - known.since
        if not known.whole and quiet >= SETTLED:
            known.whole = quiet >= HOPELESS or _ends_well(path)
        return known

    def is_over(self, now: float) -> bool:
        """Whether a burst has ended: all of it is there, and nothing has arrived for long."""
        if not self.files or not all(one.whole for one in self.files.values()):
            return False
        return now - max(one.since for one in self.files.values()) >= self.wanted_quiet()

    def wanted_quiet(self) -> float:
        """Seconds without an arrival after which a burst is over."""
        if self._patience is not None:
            return self._patience
        times = sorted(one.seen for one in self.files.values())[-10:]
        steps = [b - a for a, b in pairwise(times)]
        usual = median(steps) if len(steps) > 1 else 0.0
        return max(SHORTEST, min(PATIENCE * usual, HOPELESS))


def _ends_well(path: Path) -> bool:
    """Whether a file can be read as far as its header, and a JPEG has its end."""
    if read_shot(path).pages < 1:
        return False
    if kind(path) != ".jpg":
        return True
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - (1 << 16)))
            return b"\xff\xd9" in file.read()
    except OSError:
        return False

"""The door without a terminal: pictures in, stacks run in turn, results opened and handed on."""

from __future__ import annotations

import threading
import webbrowser
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import cv2

from focusstack.errors import FocusstackError, InputError
from focusstack.images.read import Reading, read_picture
from focusstack.images.suffixes import READABLE
from focusstack.output.which_composite import find_composite
from focusstack.retouch.result import open_result
from focusstack.runtime.progress import Progress
from focusstack.studio.display import Display, as_jpeg
from focusstack.studio.exporting import FOLDER, Copy, export
from focusstack.studio.folder_view import is_result
from focusstack.studio.inbox import Inbox
from focusstack.studio.jobs import Jobs
from focusstack.studio.judged import Judged, Judgements
from focusstack.studio.recent import Recent
from focusstack.studio.session import Session
from focusstack.studio.stacking import Wanted, find_stacks, run_stack, target_of

COVER = 480
"""Pixels of the longer side of a result's small picture. Chosen by eye."""

REDUCTION = 4
"""By how much smaller a composite is decoded for that, where its format allows it. Speed only."""

REMEDIES = {
    "report": "Run again without --no-report.",
    "export": "Export a copy first.",
}
"""What to do where something is not there to be opened."""


class Shelf:
    """What the start page shows and does.

    One result is open at a time: each holds pictures in memory.

    Parameters
    ----------
    jobs : Jobs
        Takes what lasts.
    inbox : Inbox
        Where dropped pictures go.
    recent : Recent
        Results that were made or opened lately.
    end : callable, optional
        Ends the program; nothing if not given.
    """

    def __init__(
        self, jobs: Jobs, inbox: Inbox, recent: Recent, end: Callable[[], None] | None = None
    ) -> None:
        self.jobs, self.inbox, self.recent = jobs, inbox, recent
        self._quit = end
        self._judgements = Judgements()
        self._lock = threading.Lock()
        self._open: tuple[str, Session] | None = None
        self._count = 0

    def close(self) -> None:
        """Close what is open."""
        with self._lock:
            if self._open is not None:
                self._open[1].close()
                self._open = None

    def end(self) -> None:
        """Stop what is at work, and end the program that serves the page."""
        for job in self.jobs.told():
            self.jobs.stop(job["number"])
        if self._quit is not None:
            self._quit()

    def session(self, name: str) -> Session:
        """Return the open result of that name; KeyError if it is not open."""
        found = self._open
        if found is None or found[0] != name:
            raise KeyError(name)
        return found[1]

    def told(self) -> dict[str, Any]:
        """Return what the page shows, as plain data."""
        return {
            "jobs": self.jobs.told(),
            "recent": [
                _told_result(folder, self._judgements.of(folder))
                for folder in self.recent.folders()
            ],
            "open": self._open[0] if self._open else None,
            "home": str(Path.home()),
            "inbox": str(self.inbox.home),
            "readable": sorted(READABLE),
        }

    def look(self, folder: str) -> int:
        """Look for stacks in a folder, as a job; return its number."""
        path = Path(folder)
        if not path.is_absolute() or not path.is_dir():
            raise InputError(f"{folder} is no folder", "Pick another one.")
        return self.jobs.add(f"Looking at {path.name}", partial(find_stacks, path)).number

    def run(self, wanted: Sequence[Wanted]) -> list[int]:
        """Stack one after the other, as jobs; return their numbers."""
        numbers = []
        for one in wanted:
            one.paths()
            alone = len(wanted) == 1
            work = partial(self._run, one, alone)
            numbers.append(self.jobs.add(f"Stacking {one.name}", work).number)
        return numbers

    def _run(self, wanted: Wanted, alone: bool, progress: Progress) -> dict[str, Any]:
        target = target_of(wanted, alone=alone)
        made = run_stack(wanted, target, progress)
        self.recent.add(target)
        return made

    def open(self, folder: str) -> str:
        """Open a result to be retouched; return the name of its session.

        Raises
        ------
        InputError, OutputError
            As `open_result` and `Session`.
        """
        path = _result(folder)
        with self._lock:
            if self._open is not None and self._open[1].result.folder == path:
                return self._open[0]
            result = open_result(path)
            if self._open is not None:
                self._open[1].close()
                self._open = None
            session = Session(result, self.jobs, shelf=True)
            self._count += 1
            name = str(self._count)
            self._open = name, session
        session.start()
        self.recent.add(path)
        return name

    def export(self, folder: str, copy: Copy) -> int:
        """Write a copy of a result's picture, as a job; return its number."""
        path = _result(folder)

        def work(progress: Progress) -> dict[str, str]:
            progress.start("Writing", 1)
            made = export(path, copy)
            progress.advance()
            return {"folder": str(path), "file": made.name}

        return self.jobs.add(f"Exporting {path.name}", work).number

    def show(self, folder: str, what: str) -> None:
        """Open a result's report, its folder, or that of its copies outside of the page.

        Raises
        ------
        InputError
            If it is not there.
        """
        path = _result(folder)
        shown = path / {"report": "report.html", "export": FOLDER}.get(what, "")
        if not shown.exists():
            raise InputError(f"{shown.name} is not there", REMEDIES.get(what, ""))
        with suppress(webbrowser.Error, OSError):
            webbrowser.open(shown.resolve().as_uri())

    def cover(self, folder: str) -> bytes:
        """Return a small picture of a result as JPEG."""
        path = _result(folder)
        picture = read_picture(_shown(path), reading=Reading(reduction=REDUCTION))
        height, width = picture.pixels.shape[:2]
        scale = min(1.0, COVER / max(height, width))
        size = max(1, round(width * scale)), max(1, round(height * scale))
        small = cv2.resize(picture.pixels, size, interpolation=cv2.INTER_AREA)
        return as_jpeg(Display(picture.metadata.icc).shown(small))


def _result(folder: str) -> Path:
    """Return the folder of a result that a page names."""
    path = Path(folder)
    if not path.is_absolute() or not is_result(path):
        raise InputError(f"{folder[:200]} holds no results", "Pick another one.")
    return path


def _shown(folder: Path) -> Path:
    fused = find_composite(folder)
    retouched = folder / f"retouched{fused.suffix}"
    return retouched if retouched.is_file() else fused


def _told_result(folder: Path, judged: Judged) -> dict[str, Any]:
    changed = 0.0
    with suppress(OSError, FocusstackError):
        changed = _shown(folder).stat().st_mtime
    return {
        "folder": str(folder),
        "name": folder.name,
        "where": str(folder.parent),
        "changed": changed,
        "grade": judged.grade,
        "verdict": judged.words,
        "retouched": (folder / "retouch.json").is_file(),
        "report": (folder / "report.html").is_file(),
    }

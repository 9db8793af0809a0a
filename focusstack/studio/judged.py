"""What runs concluded of their results, for a list of them: each report is read once."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from focusstack.errors import FocusstackError
from focusstack.plan.file import read_plan


class Judged(NamedTuple):
    """Grade of a result and a sentence for people; both empty if nothing is known."""

    grade: str
    words: str


UNKNOWN = Judged("", "")


class Judgements:
    """Verdicts of results, remembered until their report is another one.

    Examples
    --------
    >>> Judgements().of(Path("nowhere"))
    Judged(grade='', words='')
    """

    def __init__(self) -> None:
        self._known: dict[Path, tuple[tuple[int, int], Judged]] = {}

    def of(self, folder: Path) -> Judged:
        """Return what a run concluded of the result in a folder."""
        report = folder / "report.json"
        try:
            found = report.stat()
        except OSError:
            return UNKNOWN
        stamp = found.st_mtime_ns, found.st_size
        if folder not in self._known or self._known[folder][0] != stamp:
            self._known[folder] = stamp, _read(report)
        return self._known[folder][1]


def _read(report: Path) -> Judged:
    try:
        verdict = read_plan(report).verdict
    except FocusstackError:  # it says so itself when it is opened
        return UNKNOWN
    return UNKNOWN if verdict is None else Judged(verdict.grade, verdict.sentence())

"""Every error a user can meet, with its exit code and a remedy.

A stage raises one of these; the command line prints ``message`` and ``remedy`` and exits with
``exit_code``. Anything else that escapes is a defect.
"""

from __future__ import annotations

import re


class FocusstackError(Exception):
    """Base of all errors that are meant for the user.

    Parameters
    ----------
    message : str
        What happened, naming the frame or file.
    remedy : str, optional
        What the user can do about it.
    """

    exit_code = 1

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message}\n{self.remedy}" if self.remedy else self.message


class UsageError(FocusstackError):
    """The options contradict each other or name something that does not exist."""

    exit_code = 2


class InputError(FocusstackError):
    """The input cannot be used: unreadable, mixed sizes, too few frames."""

    exit_code = 3


class AlignmentError(FocusstackError):
    """The frames do not belong together, or the stack falls apart."""

    exit_code = 4


class FallenApartError(AlignmentError):
    """The frames are groups that share nothing with each other, none of which is the stack.

    Parameters
    ----------
    message : str
        What happened.
    groups : list of list of str
        Names of the frames, group by group.
    besides : str, optional
        What else there is to say, after the groups.

    Attributes
    ----------
    groups : list of list of str
        As given, in natural order of the names, each group by its first.
    """

    def __init__(self, message: str, groups: list[list[str]], besides: str = "") -> None:
        self.groups = sorted(
            (sorted(g, key=_natural) for g in groups), key=lambda g: _natural(g[0])
        )
        listed = "; ".join(self.named()[:MOST_GROUPS])
        more = "; …" if len(groups) > MOST_GROUPS else ""
        super().__init__(
            f"{message}: {listed}{more}{besides}",
            "Stack the groups one by one, or add the frames that are missing between them; "
            "`focusstack fuse` aligns nothing.",
        )

    def named(self) -> list[str]:
        """Each group in words: its first and last frame, and how many there are."""
        return [g[0] if len(g) == 1 else f"{g[0]} … {g[-1]} ({len(g)} frames)" for g in self.groups]


MOST_GROUPS = 6
"""Groups that an error names; more say nothing more. Chosen, not measured."""


def _natural(name: str) -> list[tuple[int, str]]:
    """Key of the natural order: ``2`` before ``10``."""
    parts = re.findall(r"[0-9]+|[^0-9]+", name.casefold())
    return [(int(p), "") if p.isdecimal() and p.isascii() else (-1, p) for p in parts]


class OutputError(FocusstackError):
    """The output exists already or cannot be written."""

    exit_code = 5

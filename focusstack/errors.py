"""Every error a user can meet, with its exit code and a remedy.

A stage raises one of these; the command line prints ``message`` and ``remedy`` and exits with
``exit_code``. Anything else that escapes is a defect.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Change:
    """A change of what was typed that leads on: the command line is told with it, to be pasted.

    Attributes
    ----------
    why : str
        What it does, before a colon.
    add : tuple of str
        Options, each followed by its value if it has one.
    drop : tuple of str
        Options that are taken out.
    inputs : tuple of str
        What stands in place of the input; as it was if empty.
    command : str
        What is called instead of the command; the same if empty.
    """

    why: str
    add: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    command: str = ""


def leaving_out(names: Sequence[str], why: str = "") -> Change:
    """Return the change that leaves frames out by name.

    Examples
    --------
    >>> leaving_out(["a.jpg", "b.jpg"]).add
    ('--exclude', 'a.jpg,b.jpg')
    """
    them = "it" if len(names) == 1 else "them"
    plain = not any("," in name for name in names)
    given = [",".join(names)] if plain else names
    words = tuple(word for name in given for word in ("--exclude", name))
    return Change(why or f"To leave {them} out", add=words)


WITHOUT_PLAN = Change("To align them anew", drop=("--plan",))
"""Without the plan of an earlier run."""

KEEP_DAMAGED = Change("To use damaged frames as they are", add=("--keep-damaged",))
"""With what decoders make of damaged files."""

AS_TIFF = Change("To write TIFF", add=("--format", "tif"))
"""In a format that holds everything."""


class FocusstackError(Exception):
    """Base of all errors that are meant for the user.

    Parameters
    ----------
    message : str
        What happened, naming the frame or file.
    remedy : str, optional
        What the user can do about it.
    changes : sequence of Change, optional
        What to type instead, if the program was started from a command line.
    """

    exit_code = 1

    def __init__(self, message: str, remedy: str = "", changes: Sequence[Change] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.changes = tuple(changes)

    def __str__(self) -> str:
        return f"{self.message}\n{self.remedy}" if self.remedy else self.message


class UsageError(FocusstackError):
    """The options contradict each other or name something that does not exist."""

    exit_code = 2


VERDICT_EXIT_CODE = 6
"""Exit code of a command that is done, but whose verdict is worse than was asked for."""


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
            "Stack the groups one by one, or add the frames that are missing between them "
            "(fuse aligns nothing).",
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
    """The output cannot be written, or another run is writing there."""

    exit_code = 5


class BusyError(OutputError):
    """Somebody else is writing where a result should go."""


class OutputExistsError(OutputError):
    """Results exist already: no fault of a disk, but a matter of what was asked for."""

    exit_code = UsageError.exit_code

"""Every error a user can meet, with its exit code and a remedy.

A stage raises one of these; the command line prints ``message`` and ``remedy`` and exits with
``exit_code``. Anything else that escapes is a defect.
"""

from __future__ import annotations


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


class OutputError(FocusstackError):
    """The output exists already or cannot be written."""

    exit_code = 5

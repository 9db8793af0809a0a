"""The door: what goes to the terminal, and what a terminal may do to the program.

Names and words out of files may hold what steers a terminal, or turns the order of letters; they
are shown by their codes. Letters that a terminal does not have never end a run. Libraries written
in C speak for themselves, without naming a file: they are not heard, except with ``--debug``.
"""

from __future__ import annotations

import codecs
import io
import json
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

from focusstack.cli.laid_out import laid_out
from focusstack.cli.log import log
from focusstack.errors import OutputError

BROKEN_PIPE = 141
"""Exit code where nobody reads any more: as of a program that SIGPIPE has ended."""

_PLAIN = {
    **{"→": "->", "×": "x", "°": "deg", "…": "...", "–": "-", "—": "-", "±": "+-", "µ": "u"},
    **{"≤": "<=", "≥": ">=", "’": "'", "“": '"', "”": '"', "·": "."},
}
"""What stands for letters that an encoding lacks."""

_UNHEARD: dict[int, int] = {}
"""Where the descriptor of errors led before libraries were silenced."""


def printable(text: str) -> str:
    r"""Return text for a terminal, line by line: all that is no visible letter stands by its code.

    Examples
    --------
    >>> printable("a\x1b[31m\u202eb.jpg\nnext")
    'a\\x1b[31m\\u202eb.jpg\nnext'
    """
    return "".join(
        c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode() for c in text
    )


def printable_json(text: str) -> str:
    r"""Return JSON for a terminal, which stays JSON of the same meaning.

    Examples
    --------
    >>> printable_json('{"a": "\u202eb"}')
    '{"a": "\\u202eb"}'
    """
    return "".join(c if c.isprintable() or c == "\n" else json.dumps(c)[1:-1] for c in text)


def whisper(text: str) -> None:
    """Print to the error stream; a stream that is gone or full is no reason to end."""
    log(printable(text))
    try:
        print(laid_out(printable(text), sys.stderr), file=sys.stderr, flush=True)
    except (OSError, ValueError):
        _forget(
            sys.stderr
        )  # else Python tries once more in the end, and ends with a code of its own


class PlainFormatter(logging.Formatter):
    """Formats records as text that a terminal can show."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the message alone."""
        return printable(record.getMessage())


def _replaced(error: UnicodeError) -> tuple[str, int]:
    """Stand in for what an encoding lacks."""
    assert isinstance(error, UnicodeEncodeError)
    lacking = error.object[error.start : error.end]
    plain = [_PLAIN.get(c) or c.encode("ascii", "backslashreplace").decode() for c in lacking]
    return "".join(plain), error.end


@contextmanager
def open_door() -> Iterator[None]:
    """Have three streams that take every letter, whatever the program was started with."""
    for number in range(3):  # else the next file that is opened would be what errors go to
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    codecs.register_error("focusstack", _replaced)
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: SIM115, PTH123 - for good
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: SIM115, PTH123
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="focusstack")
    _silence_libraries()
    try:
        yield
    finally:
        if not _flushed():
            sys.exit(BROKEN_PIPE)


def _silence_libraries() -> None:
    """Lead what C libraries say of files away from the terminal; our own errors stay."""
    if not isinstance(sys.stderr, io.TextIOWrapper) or sys.stderr.fileno() != 2:
        return
    own = os.dup(2)
    encoding = sys.stderr.encoding
    sys.stderr = open(own, "w", 1, encoding=encoding, errors="focusstack")  # noqa: SIM115, PTH123
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    _UNHEARD[2] = own


def hear_libraries() -> None:
    """Let C libraries speak."""
    if 2 in _UNHEARD:
        os.dup2(_UNHEARD[2], 2)


def _flushed() -> bool:
    """Whether all that was said has been read, or could not be for other reasons."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        forget_output()
        return False
    except (OSError, ValueError):
        forget_output()
    return True


def forget_output() -> None:
    """Let go what is still waiting to be written: nobody takes it."""
    _forget(sys.stdout)


def _forget(stream: TextIO) -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    with suppress(OSError, ValueError):
        os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def speak(text: str, end: str = "\n") -> None:
    """Print a part of the result; see `finish_output` for what is raised."""
    with _result_errors():
        print(text, end=end)


def finish_output() -> None:
    """Bring all that was said to where it goes.

    Raises
    ------
    BrokenPipeError
        If nobody reads it.
    OutputError
        If it cannot be written.
    """
    with _result_errors():
        sys.stdout.flush()


@contextmanager
def _result_errors() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        forget_output()
        raise OutputError(
            f"what was found cannot be written out: {error.strerror}",
            "Give it another place: > FILE",
        ) from error

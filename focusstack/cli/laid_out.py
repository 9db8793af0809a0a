"""Lines for a terminal: broken between words, what goes on goes in; for other programs, whole."""

from __future__ import annotations

import re
import shutil
import textwrap
from typing import TextIO

NARROWEST = 30
"""Columns below which nothing is laid out any more. Chosen."""

FURTHER = 2
"""Columns that the second line of a text goes in further than its first."""


def laid_out(text: str, stream: TextIO) -> str:
    """Return text as it is shown on a stream: filled if that is a terminal.

    Commands that can be pasted stay whole.
    """
    if not stream.isatty():
        return text
    return filled(text, shutil.get_terminal_size((80, 24)).columns)


def filled(text: str, columns: int) -> str:
    """Return text with no line longer than `columns`, no word broken.

    Examples
    --------
    >>> print(filled("  frames    all of the frames of this folder are used", 40))
      frames    all of the frames of this
                folder are used
    """
    return "\n".join(part for line in text.split("\n") for part in _lines(line, columns))


def _lines(line: str, columns: int) -> list[str]:
    if len(line) <= columns or columns < NARROWEST or "focusstack " in line.lstrip()[:24]:
        return [line]
    start = re.match(r" *(?:\S+ {2,})?", line)
    assert start is not None
    lead = start[0]
    inner = len(lead) if lead.strip() else len(lead) + FURTHER
    if inner > columns // 2:
        inner = len(lead) - len(lead.lstrip()) + FURTHER
    return textwrap.wrap(
        line[len(lead) :],
        columns,
        initial_indent=lead,
        subsequent_indent=" " * inner,
        break_long_words=False,
        break_on_hyphens=False,
    )

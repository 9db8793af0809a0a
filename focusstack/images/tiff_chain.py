"""Where the pages of a TIFF are: its chain of directories, walked before anything else is read.

A chain may lead in a circle, have no end, or point to one long table from every page. What a file
claims is held against its size, so that time and memory are bounded by it.
"""

from __future__ import annotations

import mmap
import re
from typing import BinaryIO

from focusstack.images import ifd
from focusstack.images.header import UnreadableError
from focusstack.images.limits import MOST_PAGES

_SPARE = 1 << 20
"""Bytes that a file's directories may claim beyond its size: values may be shared by a few pages.

Chosen, not measured: more than the directories of most stacks have together.
"""

_PLANES = re.compile(r'\bSize([CTZ])="(\d+)"')


def page_offsets(file: BinaryIO) -> list[int]:
    """Return where the directory of each page is, without reading any.

    Raises
    ------
    UnreadableError
        If the chain of pages runs in a circle, leaves the file, is longer than `MOST_PAGES`, or its
        directories claim more than the file can hold.
    """
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        try:
            layout, place = ifd.header(data)
        except ifd.ExifError as error:
            raise UnreadableError(f"is damaged or truncated ({error})") from error
        found: dict[int, None] = {}
        left = len(data) + _SPARE
        while place:
            if place in found:
                raise UnreadableError("is damaged: its pages lead in a circle")
            if len(found) == MOST_PAGES:
                raise UnreadableError(
                    f"holds more than {MOST_PAGES} pages, which is no focus stack",
                    "Save the pages that belong together as a file of their own.",
                )
            found[place] = None
            try:
                tags, following = ifd.records(data, place, layout)
                left -= sum(ifd.length(data, at, layout) for at in tags.values())
            except ifd.ExifError as error:
                raise UnreadableError(
                    "is damaged or truncated (some of its pages are missing)"
                ) from error
            if left < 0:
                raise UnreadableError("is damaged: its pages claim more than it can hold")
            place = following
    return list(found)


def check_planes(description: str, pages: int) -> None:
    """Refuse an OME description of far more planes than there are pages, before room is made.

    Raises
    ------
    UnreadableError
        If it is.
    """
    claimed = 1
    for _, number in _PLANES.findall(description[: 1 << 20]):
        claimed *= max(1, int(number[:12]))
    if claimed > MOST_PAGES * max(pages, 1):
        raise UnreadableError("is damaged: it claims more planes than it has pages")

"""What a picture file says of the shot: when, with which camera, how exposed, and of what series.

Only headers are read: thousands of files take seconds.
"""

from __future__ import annotations

import calendar
import mmap
import re
import struct
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from focusstack.errors import InputError
from focusstack.images import ifd, tags
from focusstack.images.read import probe_all
from focusstack.images.suffixes import RAW
from focusstack.shoot.maker_notes import FARTHEST, NOTHING, Series, read_series

MADE, SUBSECOND, OFFSET = 0x9003, 0x9291, 0x9011
DISTANCE, LENS, SERIAL = 0x9206, 0xA434, 0xA431
MAKE, MODEL = 0x10F, 0x110
"""Tags of Exif 2.32 (CIPA DC-008-2019, section 4.6): DateTimeOriginal, SubSecTimeOriginal,
OffsetTimeOriginal, SubjectDistance, LensModel, BodySerialNumber, Make and Model."""

LONGEST = 80
"""Letters of a name of a camera or lens that are taken. Chosen: real ones have fewer than 60."""

_DATE = re.compile(r"(\d{4})[:-](\d\d)[:-](\d\d)[ T](\d\d):(\d\d):(\d\d)")

_TIFF_LIKE = frozenset([b"II*\0", b"MM\0*", b"IIU\0", b"IIRO", b"IIRS", b"MMOR"])
"""How RAW files begin whose directories are those of TIFF: some makers write marks of their own."""


@dataclass(frozen=True)
class Shot:
    """A picture of a shoot, by what its file says.

    Attributes
    ----------
    path : path
        The file.
    size : tuple of int or None
        Width and height in pixels, upright; None if only its pixels would tell.
    time : float or None
        When it was begun, in seconds of the camera's own clock since 1970; None if unknown.
    resolution : float
        Seconds of which `time` is a multiple.
    offset : float or None
        Seconds by which that clock is ahead of universal time; None if unknown.
    camera, lens : str
        Names, the camera's with its serial number; empty if unknown.
    exposure_time, f_number, iso : float or None
        As EXIF tells them; the first in seconds.
    series : Series
        What the maker's note says.
    twin : path or None
        The file that holds the same shot in another format.
    pages : int
        Pictures in the file: several are a stack by themselves; 0 if its header cannot be read.
    ours : bool
        Whether this program wrote it.
    """

    path: Path
    size: tuple[int, int] | None = None
    time: float | None = None
    resolution: float = 1.0
    offset: float | None = None
    camera: str = ""
    lens: str = ""
    exposure_time: float | None = None
    f_number: float | None = None
    iso: float | None = None
    series: Series = field(default=NOTHING)
    twin: Path | None = None
    pages: int = 1
    ours: bool = False


def read_shots(paths: Sequence[Path], threads: int = 4) -> list[Shot]:
    """Return what each of many files says, in their order; see `read_shot`."""
    with ThreadPoolExecutor(threads, thread_name_prefix="headers") as pool:
        return list(pool.map(read_shot, paths))


def read_shot(path: Path) -> Shot:
    """Return what the header of a file says of its shot.

    Files that cannot be read are shots of which nothing is known: what is wrong with them is said
    when they are stacked.
    """
    if path.suffix.lower() in RAW:
        with suppress(OSError, ifd.ExifError, struct.error, ValueError):
            return _of_raw(path)
    try:
        pages = probe_all(path)
    except InputError:
        return Shot(path, pages=0)
    probe = pages[0]
    shot = Shot(path, (probe.width, probe.height))
    with suppress(ifd.ExifError, struct.error):
        if probe.metadata.exif is not None:
            shot = of_exif(path, probe.metadata.exif, shot.size)
    return replace(shot, pages=len(pages))


def _of_raw(path: Path) -> Shot:
    """Read the directories of a RAW file that is built like TIFF; OSError or ExifError if not."""
    with path.open("rb") as file:
        start = file.read(4)
        if start not in _TIFF_LIKE:
            raise ifd.ExifError("not built like TIFF")
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY) as whole:
            whole[:4] = b"II*\0" if start[:2] == b"II" else b"MM\0*"
            return of_exif(path, whole, None)


def of_exif(path: Path, exif: ifd.Buffer, size: tuple[int, int] | None) -> Shot:
    """Return what EXIF says of the shot in a file.

    Parameters
    ----------
    path : path
        The file.
    exif : bytes
        EXIF from its TIFF header on, or a file built like it.
    size : tuple of int or None
        Width and height, if they are known.

    Raises
    ------
    ExifError
        If its directories contradict themselves.
    """
    order, start = ifd.header(exif)
    places, _ = ifd.records(exif, start, order)
    reader = _Reader(exif, order, places)
    if tags.EXIF in places:
        (inner,) = reader.unpacked(places[tags.EXIF], "I")
        with suppress(ifd.ExifError):
            reader.places = places | ifd.records(exif, inner, order)[0]
    series = NOTHING
    if tags.MAKER_NOTE in reader.places:
        series = read_series(exif, reader.places[tags.MAKER_NOTE], order)
    if series.distance is None:
        distance = reader.number(DISTANCE)
        series = series._replace(distance=min(distance, FARTHEST) if distance else None)
    time, resolution, offset = _moment(reader)
    parts = (reader.text(MAKE), reader.text(MODEL), reader.text(SERIAL))
    return Shot(
        path,
        size,
        time,
        resolution,
        offset,
        " ".join(part for part in parts if part),
        reader.text(LENS),
        reader.number(tags.EXPOSURE_TIME),
        reader.number(tags.F_NUMBER),
        reader.number(tags.ISO),
        series,
        ours=reader.text(tags.SOFTWARE).startswith("focusstack "),
    )


class _Reader:
    """Single values out of EXIF; what is damaged counts as absent."""

    def __init__(self, exif: ifd.Buffer, order: str, places: dict[int, int]) -> None:
        self._exif, self._order, self.places = exif, order, places

    def unpacked(self, at: int, form: str) -> tuple[int, ...]:
        return struct.unpack(self._order + form, self._exif[at + 8 : at + 12])

    def _directory(self, tag: int) -> ifd.Directory:
        with suppress(ifd.ExifError, struct.error):
            if tag in self.places:
                return ifd.Directory({tag: ifd.value(self._exif, self.places[tag], self._order)})
        return ifd.Directory()

    def text(self, tag: int) -> str:
        found = ifd.text(self._directory(tag), tag)
        return "".join(c for c in found if c.isprintable())[:LONGEST].strip()

    def number(self, tag: int) -> float | None:
        return ifd.number(self._directory(tag), tag, self._order)


def _moment(reader: _Reader) -> tuple[float | None, float, float | None]:
    """Seconds since 1970 on the camera's clock, how fine they are, and that clock's offset."""
    match = _DATE.match(reader.text(MADE))
    if match is None:
        return None, 1.0, None
    year, month, day, hour, minute, second = map(int, match.groups())
    try:
        time = float(calendar.timegm((year, month, day, hour, minute, second)))
    except (ValueError, OverflowError):
        return None, 1.0, None
    if not (1 <= month <= 12 and 1 <= day <= 31 and hour < 24 and minute < 60 and second < 61):
        return None, 1.0, None  # cameras whose clock was never set write zeros
    digits = re.match(r"\d{1,9}", reader.text(SUBSECOND))
    resolution = 1.0
    if digits:
        resolution = 10.0 ** -len(digits[0])
        time += int(digits[0]) * resolution
    return time, resolution, _offset(reader.text(OFFSET))


def _offset(text: str) -> float | None:
    match = re.fullmatch(r"([+-])(\d\d):(\d\d)", text)
    if match is None:
        return None
    seconds = 3600 * int(match[2]) + 60 * int(match[3])
    return float(-seconds if match[1] == "-" else seconds)

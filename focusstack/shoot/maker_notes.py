"""What makers write of a series: which of its shots this is, and how far away focus lies.

Notes are directories as in TIFF, each maker's with an opening and an origin of offsets of its own.
Numbers of tags as ExifTool lists them (https://exiftool.org/TagNames), with its names beside them.
Nikon enciphers what it says of focus shift, and what the numbers in it mean is not known; Pentax,
Leica and Hasselblad say nothing that is known.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

from focusstack.images import ifd

MOST_NOTE = 1 << 20
"""Bytes of a maker's note that are looked at. Chosen: larger ones hold pictures."""

MOST_RECORDS = 1000
"""Records of a note that are looked at. Chosen: Phase One writes some hundred."""

FARTHEST = 655.0
"""Metres from which on Canon means infinity; others beyond it tell no more."""


class Series(NamedTuple):
    """What a maker says of a shot.

    Attributes
    ----------
    number : int or None
        Which shot of its series it is, from 1; None if it is none of a series, or that is not told.
    bracketed : bool or None
        Whether focus was moved by the camera from shot to shot; None if that is not told.
    distance : float or None
        In metres, to where focus lies; infinity is `FARTHEST`.
    """

    number: int | None = None
    bracketed: bool | None = None
    distance: float | None = None


NOTHING = Series()
"""What is known where nothing is told."""


class Told(NamedTuple):
    """A maker's note as it stands in EXIF: where, how long, and in which byte order."""

    exif: ifd.Buffer
    place: int
    size: int
    order: str

    def inside(self) -> bytes:
        """Bytes of the note."""
        return bytes(self.exif[self.place : self.place + self.size])


class Note(NamedTuple):
    """A maker's note: the buffer that its offsets count in, and where its directory stands."""

    buffer: ifd.Buffer
    start: int
    order: str

    def words(self, tag: int, form: str) -> tuple[int, ...]:
        """All numbers of a tag as `form` (of `struct`) says; none if it is absent."""
        data = self.data(tag)
        size = struct.calcsize(form)
        count = min(len(data) // size, 64)
        return struct.unpack(f"{self.order}{count}{form}", data[: count * size])

    def data(self, tag: int) -> bytes:
        """Bytes of a tag; none if it is absent or damaged."""
        with suppress(ifd.ExifError, struct.error):
            places, _ = ifd.records(self.buffer, self.start, self.order)
            if tag in places:
                return ifd.value(self.buffer, places[tag], self.order).data
        return b""

    def below(self, tag: int) -> Note:
        """The directory that a tag points to, or holds."""
        found = self.words(tag, "I")
        return self._replace(start=found[0] if len(found) == 1 else 0)


def read_series(exif: ifd.Buffer, at: int, order: str) -> Series:
    """Return what the maker says of a series.

    Parameters
    ----------
    exif : bytes
        EXIF, or a file built like it.
    at : int
        Where the record of the maker's note stands in it.
    order : str
        Byte order, ``"<"`` or ``">"``.
    """
    try:
        size = min(ifd.length(exif, at, order), MOST_NOTE)
        place = at + 8 if size <= 4 else struct.unpack(order + "I", exif[at + 8 : at + 12])[0]
        told = Told(exif, place, size, order)
        opening = told.inside()[:16]
        for mark, read in _MAKERS.items():
            if opening.startswith(mark):
                return read(told)
        return _canon(told)  # which has no opening
    except (ifd.ExifError, struct.error, ValueError, IndexError):
        return NOTHING


def _canon(told: Told) -> Series:
    note = Note(told.exif, told.place, told.order)
    shot, file = note.words(0x0004, "H"), note.words(0x0093, "H")  # ShotInfo, FileInfo
    far = [v[k] for v, k in ((file, 20), (shot, 19)) if len(v) > k + 1 and v[k]]
    near = [v[k] for v, k in ((file, 21), (shot, 20)) if len(v) > k and v[k]]
    distance = _metres((far[0] + (near[0] if near else far[0])) / 200) if far else None
    focus = note.words(0x4053, "i")  # FocusBracketingInfo: its size, then FocusBracketing
    bracketed = focus[1] == 1 if len(focus) > 1 else None
    if len(file) > 5 and file[3] == 2:  # BracketMode FEB: of focus or flash; BracketShotNumber
        return Series(file[5] or None, bracketed, distance)
    return Series(None, bracketed, distance)


def _fujifilm(told: Told) -> Series:
    inside = told.inside()  # offsets count from the note, always this way round
    note = Note(inside, struct.unpack("<I", inside[8:12])[0], "<")
    number = note.words(0x1101, "H")  # SequenceNumber
    return Series(number[0] or None if number else None)


def _olympus(told: Told) -> Series:
    inside = told.inside()
    start, mark = (16, inside[12:14]) if inside.startswith(b"OM SYSTEM") else (12, inside[8:10])
    note = Note(inside, start, ">" if mark == b"MM" else "<")
    drive = note.below(0x2020).words(0x0600, "H")  # CameraSettings, DriveMode
    metres = note.below(0x2050).words(0x0305, "I")  # FocusInfo, FocusDistance in millimetres
    distance = None
    if metres:
        distance = FARTHEST if metres[0] in (0, 0xFFFFFFFF) else _metres(metres[0] / 1000)
    if len(drive) < 2 or not drive[0]:
        return Series(None, False if drive else None, distance)
    bracketed = drive[0] == 5 and len(drive) > 2 and bool(drive[2] & 1 << 6)
    return Series(drive[1] or None, bracketed, distance)


def _panasonic(told: Told) -> Series:
    note = Note(told.exif, told.place + 12, told.order)
    burst, number = note.words(0x2A, "H"), note.words(0x2B, "I")  # BurstMode, SequenceNumber
    return Series(number[0] or None if number else None, burst[0] == 3 if burst else None)


def _sony(told: Told) -> Series:
    note = Note(told.exif, told.place + 12, told.order)
    stored = note.data(0x9400)[:64]
    if len(stored) < 0x16 or stored[0] not in _SONY_LAYOUTS:
        return NOTHING
    block = bytes(_DECIPHERED[byte] for byte in stored)
    number = struct.unpack("<I", block[0x12:0x16])[0] + 1  # SequenceImageNumber counts from 0
    return Series(number if number < 1 << 16 else None)


def _phase_one(told: Told) -> Series:
    """Read a note whose directory has records of 16 bytes: tag, kind, size and value.

    Layout as ExifTool's documentation and dcraw have it.
    """
    order = "<" if told.exif[told.place : told.place + 1] == b"I" else ">"
    (start,) = struct.unpack(order + "I", told.exif[told.place + 8 : told.place + 12])
    at = told.place + start
    (count,) = struct.unpack(order + "I", told.exif[at : at + 4])
    found = {}
    for k in range(min(count, MOST_RECORDS)):
        record = told.exif[at + 8 + 16 * k : at + 24 + 16 * k]
        tag, _, size, value = struct.unpack(order + "4I", record)
        if size == 4:
            found[tag] = value
    kind, number = found.get(0x0263), found.get(0x0264)  # SequenceKind, SequenceFrameNumber
    if kind is None:
        return NOTHING
    return Series(number if number and number < 1 << 16 else None, kind == _OF_FOCUS)


_OF_FOCUS = 6
"""Phase One's kind of a sequence that is a focus stack."""

_SONY_LAYOUTS = frozenset([0x23, 0x24, 0x26, 0x28, 0x31, 0x32])
"""First bytes, as stored, of the block 0x9400 where a number stands at 0x12 (Tag9400c)."""

_DECIPHERED = {byte: byte for byte in range(256)} | {plain**3 % 249: plain for plain in range(249)}
"""The bytes that Sony's cipher, a cube modulo 249, stands for."""

_MAKERS: dict[bytes, Callable[[Told], Series]] = {
    b"FUJIFILM": _fujifilm,
    b"OLYMPUS\0": _olympus,
    b"OM SYSTEM": _olympus,
    b"Panasonic\0": _panasonic,
    b"IIII": _phase_one,
    b"MMMM": _phase_one,
    b"SONY DSC ": _sony,
    b"SONY CAM ": _sony,
    **dict.fromkeys((b"Nikon\0", b"AOC\0", b"PENTAX ", b"LEICA", b"Apple iOS"), lambda _: NOTHING),
}
"""Who reads a note, by how it opens."""


def _metres(value: float) -> float:
    return min(value, FARTHEST)

"""EXIF as cameras write it, as far as splitting reads it."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from focusstack.images import ifd, tags
from focusstack.shoot import shots

START = datetime(2024, 5, 4, 10, 0, 0, tzinfo=UTC)
"""When all cards begin."""


@dataclass(frozen=True)
class Taken:
    """What is known of a shot.

    Attributes
    ----------
    time : float or None
        Seconds since `START`.
    subsecond : bool
        Whether the camera writes hundredths.
    camera : str
        Model.
    make : str
        Its maker.
    settings : tuple of float
        Exposure time in seconds, f-number, ISO.
    distance : float or None
        Metres, as EXIF tells it.
    note : bytes
        Of the maker.
    """

    time: float | None = None
    subsecond: bool = True
    camera: str = "Camera 1"
    make: str = "Maker"
    settings: tuple[float, float, float] = (1 / 100, 8.0, 200.0)
    distance: float | None = None
    note: bytes = b""


def _text(words: str) -> ifd.Field:
    return ifd.Field(ifd.ASCII, words.encode() + b"\0")


def _ratio(value: float) -> ifd.Field:
    return ifd.Field(ifd.RATIONAL, struct.pack("<II", round(value * 10000), 10000))


def exif_of(shot: Taken) -> bytes:
    """Return EXIF from its TIFF header on."""
    seconds, number, iso = shot.settings
    inner = {
        tags.EXPOSURE_TIME: _ratio(seconds),
        tags.F_NUMBER: _ratio(number),
        tags.ISO: ifd.Field(ifd.SHORT, struct.pack("<H", round(iso))),
    }
    if shot.time is not None:
        moment = START + timedelta(seconds=shot.time)
        inner[shots.MADE] = _text(f"{moment:%Y:%m:%d %H:%M:%S}")
        if shot.subsecond:
            inner[shots.SUBSECOND] = _text(f"{moment.microsecond // 10000:02d}")
    if shot.distance is not None:
        inner[shots.DISTANCE] = _ratio(shot.distance)
    if shot.note:
        inner[tags.MAKER_NOTE] = ifd.Field(7, shot.note)
    first = {shots.MAKE: _text(shot.make), shots.MODEL: _text(shot.camera)}
    directory = ifd.Directory(first, {tags.EXIF: ifd.Directory(inner)})
    return ifd.serialise(directory, "<")


def _words(*numbers: int) -> ifd.Field:
    return ifd.Field(ifd.SHORT, struct.pack(f"<{len(numbers)}H", *numbers))


def fujifilm_note(number: int) -> bytes:
    """Return a note that says which shot of a series this is."""
    body = ifd.pack(ifd.Directory({0x1101: _words(number)}), "<", 12)
    return b"FUJIFILM" + struct.pack("<I", 12) + body


def panasonic_note(number: int) -> bytes:
    """Return a note of focus bracketing: shot `number` of its series."""
    fields = {0x2A: _words(3), 0x2B: ifd.Field(ifd.LONG, struct.pack("<I", number))}
    return b"Panasonic\0\0\0" + ifd.pack(ifd.Directory(fields), "<", 12)


def olympus_note(number: int, distance: float) -> bytes:
    """Return a note with a series of focus bracketing, and a distance of focus in metres."""
    opening = b"OM SYSTEM\0\0\0II\4\0"
    drive = ifd.pack(ifd.Directory({0x600: _words(5, number, 1 << 6)}), "<", 0)
    place = len(opening) + 2 + 2 * 12 + 4
    metres = ifd.Field(ifd.RATIONAL, struct.pack("<II", round(distance * 1000), 1))
    camera = ifd.pack(ifd.Directory({0x600: _words(5, number, 1 << 6)}), "<", place)
    focus = ifd.pack(ifd.Directory({0x305: metres}), "<", place + len(camera))
    assert len(drive) == len(camera)
    both = {
        0x2020: ifd.Field(ifd.LONG, struct.pack("<I", place)),
        0x2050: ifd.Field(ifd.LONG, struct.pack("<I", place + len(camera))),
    }
    return opening + ifd.pack(ifd.Directory(both), "<", len(opening)) + camera + focus


def phase_one_note(number: int) -> bytes:
    """Return a note of a focus stack: shot `number` of its series."""
    records = struct.pack("<8I", 0x263, 4, 4, 6, 0x264, 4, 4, number)
    return b"IIIITwaR" + struct.pack("<I", 16) + bytes(4) + struct.pack("<2I", 2, 0) + records


def canon_note(number: int, far: float, near: float) -> bytes:
    """Return a note of focus bracketing, with the distances of focus in metres.

    What does not fit into a record would lie outside of the note, so there is one value only: this
    counts from the beginning of EXIF, which `place_note` puts right.
    """
    values = [0] * 22
    values[0] = 2 * len(values)
    values[3], values[5], values[20], values[21] = 2, number, round(100 * far), round(100 * near)
    return struct.pack("<HHHII", 1, 0x93, 3, len(values), 0) + bytes(4) + _words(*values).data


def place_note(exif: bytes) -> bytes:
    """Return EXIF in which the one value of a `canon_note` is pointed at from where it lies."""
    order, start = ifd.header(exif)
    inner = ifd.records(exif, start, order)[0][tags.EXIF]
    (begin,) = struct.unpack("<I", exif[inner + 8 : inner + 12])
    at = ifd.records(exif, begin, order)[0][tags.MAKER_NOTE]
    (note,) = struct.unpack("<I", exif[at + 8 : at + 12])
    return exif[: note + 10] + struct.pack("<I", note + 18) + exif[note + 14 :]

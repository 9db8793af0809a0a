"""Image file directories: the layout that TIFF files and EXIF share, read and written as bytes.

A header, then directories of 12-byte records (20 in BigTIFF), each holding its value or the offset
of it. Nothing here knows what a value means.

Source of the layout: TIFF 6.0 (Adobe, 1992), section 2; Exif 2.32 (CIPA DC-008-2019), section 4.6.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass, field
from mmap import mmap

from focusstack.images.tags import EXIF, GPS, INTEROPERABILITY

SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
"""Bytes of one value of each TIFF field type."""

_LONG_SIZES = {16: 8, 17: 8, 18: 8}
"""Bytes of one value of each field type that BigTIFF adds."""

_IFD8 = 18

ASCII, SHORT, LONG, RATIONAL = 2, 3, 4, 5

MOST_VALUES = 1 << 26
"""Bytes of all values of a directory and those below it, beyond which a file wants to do harm.

Chosen, not measured: sixteen times what cameras write into their notes at most.
"""

Buffer = bytes | bytearray | mmap


class ExifError(ValueError):
    """The EXIF data contradicts itself."""


@dataclass(frozen=True)
class Field:
    """One value: its TIFF field type and its bytes in the byte order of its directory."""

    kind: int
    data: bytes


@dataclass
class Directory:
    """The fields of one directory and the directories that it points to, by tag."""

    fields: dict[int, Field] = field(default_factory=dict)
    children: dict[int, Directory] = field(default_factory=dict)

    def keep(self, tags: Iterable[int]) -> Directory:
        """Return a copy with only `tags`."""
        kept = set(tags)
        return Directory(
            {t: f for t, f in self.fields.items() if t in kept},
            {t: d for t, d in self.children.items() if t in kept},
        )


def header(buffer: Buffer) -> tuple[str, int]:
    """Return the layout and the offset of the first directory.

    The layout is the byte order, ``"<"`` or ``">"``; for BigTIFF (offsets of 8 bytes) an ``"8"``
    follows.
    """
    start = bytes(buffer[:4])
    order = {b"II*\0": "<", b"MM\0*": ">", b"II+\0": "<8", b"MM\0+": ">8"}.get(start)
    if order is None or (len(buffer) < 16 and (is_big(order) or len(buffer) < 8)):
        raise ExifError("no TIFF header")
    if is_big(order):
        return order, int(struct.unpack(order[0] + "Q", buffer[8:16])[0])
    return order, int(struct.unpack(order + "I", buffer[4:8])[0])


def is_big(layout: str) -> bool:
    """Whether a layout from `header` is that of BigTIFF."""
    return layout.endswith("8")


def records(buffer: Buffer, start: int, layout: str) -> tuple[dict[int, int], int]:
    """Return the position of each tag's record, and the offset of the next directory."""
    order, big = layout[0], is_big(layout)
    wide, size, word = (8, 20, "Q") if big else (2, 12, "H")
    if start < 8 or start + wide > len(buffer):
        raise ExifError(f"directory at {start} lies outside")
    (count,) = struct.unpack(order + word, buffer[start : start + wide])
    end = start + wide + size * count
    if end > len(buffer):
        raise ExifError(f"directory at {start} is cut off")
    places = range(start + wide, end, size)
    tags = {struct.unpack(order + "H", buffer[at : at + 2])[0]: at for at in places}
    width = 8 if big else 4
    following = bytes(buffer[end : end + width])
    known = len(following) == width
    return tags, struct.unpack(order + "IQ"[big], following)[0] if known else 0


def value(buffer: Buffer, at: int, layout: str) -> Field:
    """Return the field whose record is at `at`."""
    order, width, word = (layout[0], 8, "Q") if is_big(layout) else (layout, 4, "I")
    kind, count = struct.unpack(order + "H" + word, buffer[at + 2 : at + 4 + width])
    length = (SIZES | _LONG_SIZES).get(kind, 1) * count
    place = at + 4 + width
    if length > width:
        place = struct.unpack(order + word, buffer[place : place + width])[0]
    if place + length > len(buffer):
        raise ExifError(f"a value of {length} bytes at {place} lies outside")
    if length > MOST_VALUES:
        raise ExifError(f"a value of {length} bytes is no metadata")
    return Field(kind, bytes(buffer[place : place + length]))


def length(buffer: Buffer, at: int, layout: str) -> int:
    """Return how many bytes the field whose record is at `at` claims, wherever they are."""
    order, width, word = (layout[0], 8, "Q") if is_big(layout) else (layout, 4, "I")
    kind, count = struct.unpack(order + "H" + word, buffer[at + 2 : at + 4 + width])
    return int((SIZES | _LONG_SIZES).get(kind, 1) * count)


def parse(
    buffer: Buffer,
    start: int,
    layout: str,
    faults: list[str] | None = None,
    wanted: frozenset[int] | None = None,
) -> Directory:
    """Read the directory at `start` with everything it points to.

    Parameters
    ----------
    buffer : bytes
        What it is in.
    start : int
        Where.
    layout : str
        From `header`.
    faults : list of str, optional
        Takes what is wrong with single entries, which are passed over then.
    wanted : frozenset of int, optional
        The only tags that are read, of the directory itself; all if not given.

    Raises
    ------
    ExifError
        If the directory lies outside of `buffer`; or, without `faults`, an entry does.
    """
    return _Parser(buffer, layout, faults).directory(start, wanted)


class _Parser:
    """Reads directories out of one buffer: no more bytes than a sane one could hold."""

    def __init__(self, buffer: Buffer, layout: str, faults: list[str] | None) -> None:
        self._buffer, self._layout, self._faults = buffer, layout, faults
        self._room = min(len(buffer), MOST_VALUES)

    def directory(self, start: int, wanted: frozenset[int] | None, depth: int = 0) -> Directory:
        found = Directory()
        for tag, at in records(self._buffer, start, self._layout)[0].items():
            if wanted is not None and tag not in wanted:
                continue
            try:
                self._take(found, tag, at, depth)
            except ExifError as error:
                if self._faults is None:
                    raise
                self._faults.append(str(error))
        return found

    def _take(self, found: Directory, tag: int, at: int, depth: int) -> None:
        """Put one entry, or the directory that it points to, where it belongs."""
        entry = value(self._buffer, at, self._layout)
        self._room -= len(entry.data)
        if self._room < 0:
            raise ExifError("its values would be longer than the whole")
        if tag in (EXIF, GPS, INTEROPERABILITY):
            word = {4: "I", 8: "Q"}.get(len(entry.data))
            if depth < 3 and word:
                target = struct.unpack(self._layout[0] + word, entry.data)[0]
                found.children[tag] = self.directory(target, None, depth + 1)
        elif entry.kind in SIZES or entry.kind in _LONG_SIZES:
            found.fields[tag] = entry
        elif self._faults is not None and not entry.kind:
            self._faults.append("an entry has no type")


def pack(directory: Directory, layout: str, base: int, following: int = 0) -> bytes:
    """Serialise `directory` for the offset `base` of a file: records, values, children."""
    order, big = layout[0], is_big(layout)
    word, width, size, wide = ("Q", 8, 20, 8) if big else ("I", 4, 12, 2)
    fields = {t: f for t, f in directory.fields.items() if big or f.kind in SIZES}
    tags = sorted([*fields, *directory.children])
    body = bytearray()
    start = base + wide + size * len(tags) + width
    lines = []
    for tag in tags:
        if tag in directory.children:
            place = struct.pack(order + word, start + len(body))
            kind, count, inline = (_IFD8 if big else LONG), 1, place
            body += pack(directory.children[tag], layout, start + len(body))
        else:
            entry = fields[tag]
            kind, inline = entry.kind, entry.data
            count = len(entry.data) // (SIZES | _LONG_SIZES)[entry.kind]
            if len(entry.data) > width:
                inline = struct.pack(order + word, start + len(body))
                body += entry.data + b"\0" * (len(entry.data) % 2)
        lines.append(
            struct.pack(order + "HH" + word, tag, kind, count) + inline.ljust(width, b"\0")
        )
    head = struct.pack(order + "HQ"[big], len(tags)) + b"".join(lines)
    return head + struct.pack(order + word, following) + bytes(body)


def link_place(directory: Directory, layout: str) -> int:
    """Return where in the bytes from `pack` the offset of the next directory stands."""
    big = is_big(layout)
    count = len(directory.children)
    count += sum(1 for f in directory.fields.values() if big or f.kind in SIZES)
    return 8 + 20 * count if big else 2 + 12 * count


def in_order(directory: Directory, given: str, wanted: str) -> Directory:
    """Return a directory of byte order `given` in that of `wanted`.

    Values of unknown structure, such as makers' notes, keep their bytes.
    """
    if given[0] == wanted[0]:
        return directory
    units = {3: 2, 8: 2, 4: 4, 9: 4, 11: 4, 13: 4, 5: 4, 10: 4, 12: 8}

    def turned(entry: Field) -> Field:
        unit = units.get(entry.kind)
        if unit is None:
            return entry
        words = [entry.data[i : i + unit][::-1] for i in range(0, len(entry.data), unit)]
        return Field(entry.kind, b"".join(words))

    return Directory(
        {t: turned(f) for t, f in directory.fields.items()},
        {t: in_order(d, given, wanted) for t, d in directory.children.items()},
    )


def serialise(directory: Directory, order: str) -> bytes:
    """Return `directory` as EXIF bytes of its own."""
    mark = b"II*\0" if order == "<" else b"MM\0*"
    return mark + struct.pack(order + "I", 8) + pack(directory, order, 8)


def read(exif: bytes) -> Directory:
    """Parse EXIF bytes; ExifError if they are damaged."""
    order, start = header(exif)
    return parse(exif, start, order)


def number(directory: Directory, tag: int, order: str) -> float | None:
    """Return the first value of `tag` as a number, or None if it is absent or not one."""
    entry = directory.fields.get(tag)
    if entry is None:
        return None
    if entry.kind == RATIONAL and len(entry.data) >= 8:
        above, below = struct.unpack(order + "II", entry.data[:8])
        return float(above) / float(below) if below else None
    code = {SHORT: "H", LONG: "I"}.get(entry.kind)
    if code is None or len(entry.data) < SIZES[entry.kind]:
        return None
    return float(struct.unpack(order + code, entry.data[: SIZES[entry.kind]])[0])


def text(directory: Directory, tag: int) -> str:
    """Return the text of `tag`, empty if it is absent."""
    entry = directory.fields.get(tag)
    return "" if entry is None else entry.data.split(b"\0")[0].decode("utf-8", "replace").strip()

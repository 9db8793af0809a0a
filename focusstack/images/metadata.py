"""What a picture file says besides its pixels: EXIF, colour profile, XMP."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from focusstack.images import ifd, tags
from focusstack.images.colour import Transfer
from focusstack.images.exif import correct_exif, set_frame_count, set_orientation
from focusstack.images.profile import ProfileError, transfer_of
from focusstack.runtime.version import __version__

SOFTWARE = f"focusstack {__version__}"
"""Written into the EXIF of every picture."""


OF_SEVERAL = 2
"""What CompositeImage says of a picture that is made of several (Exif 2.32)."""

_XMP_ORIENTATION = re.compile(rb"(tiff:Orientation\s*(?:=\s*[\"']|>)\s*)([1-8])")
"""Where XMP tells the orientation: an attribute, or an element of its own."""


@dataclass(frozen=True)
class Metadata:
    r"""The blocks a file carries, as bytes.

    Attributes
    ----------
    exif : bytes or None
        EXIF, beginning with its TIFF header (``II*`` or ``MM``, without ``Exif\0\0``).
    icc : bytes or None
        ICC colour profile.
    xmp : bytes or None
        XMP packet, UTF-8.
    """

    exif: bytes | None = None
    icc: bytes | None = None
    xmp: bytes | None = None

    @property
    def transfer(self) -> Transfer | None:
        """Tone curves of the profile; None where they are sRGB's, or not known."""
        with contextlib.suppress(ProfileError):
            return transfer_of(self.icc)
        return None

    @property
    def orientation(self) -> int:
        """Orientation 1..8 as stored: EXIF's, else that of XMP; 1 where there is none."""
        found = self._number(tags.ORIENTATION)
        if found is not None and 1 <= found <= 8:
            return int(found)
        told = _XMP_ORIENTATION.search(self.xmp or b"")
        return int(told[2]) if told else 1

    def upright(self) -> Metadata:
        """Return these with orientation 1, for pixels that are turned already."""
        exif = None if self.exif is None else set_orientation(self.exif, 1)
        return replace(self, exif=exif, xmp=_upright_xmp(self.xmp))

    @property
    def software(self) -> str:
        """Name of the program that wrote the file, empty if unknown."""
        if self.exif is None:
            return ""
        return ifd.text(ifd.read(self.exif), tags.SOFTWARE)

    @property
    def is_composite(self) -> bool:
        """Whether the file says that this program has made it of several frames."""
        return (
            self.software.startswith("focusstack ") and self._number(tags.COMPOSITE) == OF_SEVERAL
        )

    @property
    def exposure_time(self) -> float | None:
        """Exposure time in seconds, None if unknown."""
        return self._number(tags.EXPOSURE_TIME)

    @property
    def f_number(self) -> float | None:
        """F-number, None if unknown."""
        return self._number(tags.F_NUMBER)

    @property
    def iso(self) -> float | None:
        """ISO speed, None if unknown."""
        return self._number(tags.ISO)

    @property
    def focal_length(self) -> float | None:
        """Focal length in millimetres, None if unknown."""
        return self._number(tags.FOCAL_LENGTH)

    @property
    def camera(self) -> str:
        """Make and model, each word of them once; empty if unknown."""
        make, model = self._text(tags.MAKE), self._text(tags.MODEL)
        first = make.split(" ")[0]
        return model if model.casefold().startswith(first.casefold()) else f"{make} {model}".strip()

    @property
    def lens(self) -> str:
        """Model of the lens, empty if unknown."""
        return self._text(tags.LENS)

    def _text(self, tag: int) -> str:
        if self.exif is None:
            return ""
        first = ifd.read(self.exif)
        inner = first.children.get(tags.EXIF)
        return ifd.text(first, tag) or (ifd.text(inner, tag) if inner else "")

    def _number(self, tag: int) -> float | None:
        if self.exif is None:
            return None
        order, _ = ifd.header(self.exif)
        first = ifd.read(self.exif)
        found = ifd.number(first, tag, order)
        if found is None and tags.EXIF in first.children:
            return ifd.number(first.children[tags.EXIF], tag, order)
        return found


def metadata_of(info: Mapping[Any, Any]) -> tuple[Metadata, str | None]:
    """Return what Pillow has found in the header of a picture, and what is to be said of it."""
    exif, exif_note = check_exif(info.get("exif"))
    icc, icc_note = check_icc(info.get("icc_profile"))
    return Metadata(exif, icc, info.get("xmp") or None), join_notes(exif_note, icc_note)


def check_exif(exif: bytes | None) -> tuple[bytes | None, str | None]:
    r"""Return EXIF bytes without their ``Exif\0\0`` mark; None and a note if damaged."""
    if not exif:
        return None, None
    exif = exif.removeprefix(b"Exif\0\0")
    faults: list[str] = []
    try:
        order, start = ifd.header(exif)
        sound = ifd.parse(exif, start, order, faults)
    except ifd.ExifError as error:
        return None, f"EXIF data damaged ({error}), left out"
    if not faults:
        return exif, None
    return ifd.serialise(sound, order), lost_entries(len(faults))


def lost_entries(count: int) -> str:
    """Say that so many entries are left out.

    >>> lost_entries(1), lost_entries(2)
    ('one EXIF entry is damaged and left out', '2 EXIF entries are damaged and left out')
    """
    if count == 1:
        return "one EXIF entry is damaged and left out"
    return f"{count} EXIF entries are damaged and left out"


def check_icc(icc: bytes | None) -> tuple[bytes | None, str | None]:
    """Return an ICC profile, and a note if it is left out or its tone curves are not known.

    The header is that of ICC.1:2022, 7.2. A profile is carried even where it is of another colour
    space than the pixels, as converted pictures often hold.
    """
    if not icc:
        return None, None
    if len(icc) < 128 or icc[36:40] != b"acsp" or int.from_bytes(icc[:4], "big") > len(icc):
        return None, "colour profile damaged, left out"
    try:
        transfer_of(icc)
    except ProfileError as error:
        return icc, f"colour profile {error}; tone curves of sRGB are assumed"
    return icc, None


def _upright_xmp(xmp: bytes | None) -> bytes | None:
    return None if xmp is None else _XMP_ORIENTATION.sub(rb"\g<1>1", xmp)


def join_notes(*notes: str | None) -> str | None:
    """Join what there is of `notes`; None if there is nothing."""
    return "; ".join(note for note in notes if note) or None


def for_output(
    metadata: Metadata | None, width: int, height: int, frames: tuple[int, int] | None = None
) -> Metadata:
    """Correct `metadata` for a picture of `width` x `height` pixels written by this program.

    Orientation becomes 1, sizes the picture's, Software this program; the thumbnail goes. Exposure
    fields keep their bytes. A composite of several frames says so, with how many there were and
    how many were used.
    """
    given = metadata or Metadata()
    xmp = _upright_xmp(given.xmp)
    exif = correct_exif(given.exif, width, height, SOFTWARE)
    if frames is not None:
        exif = set_frame_count(exif, *frames)
    return Metadata(exif, given.icc, xmp)

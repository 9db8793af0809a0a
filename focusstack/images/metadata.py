"""What a picture file says besides its pixels: EXIF, colour profile, XMP."""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass

from focusstack.images import ifd, tags
from focusstack.images.colour import Transfer
from focusstack.images.exif import correct_exif, set_frame_count
from focusstack.images.profile import ProfileError, transfer_of
from focusstack.runtime.version import __version__

SOFTWARE = f"focusstack {__version__}"
"""Written into the EXIF of every picture."""


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
        """EXIF orientation 1..8 as stored; 1 where there is none."""
        found = self._number(tags.ORIENTATION)
        return int(found) if found is not None and 1 <= found <= 8 else 1

    @property
    def software(self) -> str:
        """Name of the program that wrote the file, empty if unknown."""
        if self.exif is None:
            return ""
        return ifd.text(ifd.read(self.exif), tags.SOFTWARE)

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

    def _number(self, tag: int) -> float | None:
        if self.exif is None:
            return None
        order, _ = ifd.header(self.exif)
        first = ifd.read(self.exif)
        found = ifd.number(first, tag, order)
        if found is None and tags.EXIF in first.children:
            return ifd.number(first.children[tags.EXIF], tag, order)
        return found


def check_exif(exif: bytes | None) -> tuple[bytes | None, str | None]:
    r"""Return EXIF bytes without their ``Exif\0\0`` mark; None and a note if damaged."""
    if not exif:
        return None, None
    exif = exif.removeprefix(b"Exif\0\0")
    try:
        ifd.read(exif)
    except ifd.ExifError as error:
        return None, f"its EXIF data is damaged ({error}) and is left out"
    return exif, None


def check_icc(icc: bytes | None) -> tuple[bytes | None, str | None]:
    """Return an ICC profile, and a note if it is left out or its tone curves are not known.

    The header is that of ICC.1:2022, 7.2. A profile is carried even where it is of another colour
    space than the pixels, as converted pictures often hold.
    """
    if not icc:
        return None, None
    if len(icc) < 128 or icc[36:40] != b"acsp" or int.from_bytes(icc[:4], "big") > len(icc):
        return None, "its colour profile is damaged and is left out"
    try:
        transfer_of(icc)
    except ProfileError as error:
        return icc, f"its colour profile {error}; tone curves of sRGB are assumed"
    return icc, None


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
    xmp = given.xmp
    if xmp is not None:
        xmp = re.sub(rb"(tiff:Orientation\s*(?:=\s*[\"']|>)\s*)[1-8]", rb"\g<1>1", xmp)
    exif = correct_exif(given.exif, width, height, SOFTWARE)
    if frames is not None:
        exif = set_frame_count(exif, *frames)
    return Metadata(exif, given.icc, xmp)

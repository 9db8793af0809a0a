"""Picture files in: pixels upright, in RGB or grey, with what the file says besides."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TypeVar

import cv2
import numpy as np

from focusstack.errors import InputError
from focusstack.images.colour import Transfer, to_float
from focusstack.images.formats import read_headers
from focusstack.images.header import SINGLE, Header, UnreadableError, decoding
from focusstack.images.jpeg import Spare
from focusstack.images.limits import BRIGHTEST, MOST_COMPRESSED, MOST_MEGAPIXELS
from focusstack.images.metadata import Metadata, join_notes
from focusstack.numeric.arrays import Float32, Floats, Image

_T = TypeVar("_T")

_FLIPS = {2: 1, 6: 1, 3: -1, 7: -1, 4: 0, 8: 0}
"""How OpenCV is to flip pixels of an EXIF orientation: 1 across y, 0 across x, -1 across both."""


@dataclass(frozen=True)
class Reading:
    """How files are read.

    Attributes
    ----------
    most_megapixels : float
        Larger pictures are refused.
    white_balance : tuple of float, optional
        With which sensor data is developed: the same for a whole stack. The camera's if not given.
    reduction : int
        1, 2, 4 or 8: by how much the pictures may be smaller where the format decodes faster so.
        What is returned then is either as large as the header says or so much smaller.
    spare : Spare, optional
        What is decoded into, where the format allows that: each picture then takes the memory of
        the one before.
    keep_damaged : bool
        Whether frames whose data are damaged are taken as they decode.
    """

    most_megapixels: float = MOST_MEGAPIXELS
    white_balance: tuple[float, float, float, float] | None = None
    reduction: int = 1
    spare: Spare | None = None
    keep_damaged: bool = False


@dataclass(frozen=True)
class Picture:
    """A decoded picture.

    Attributes
    ----------
    pixels : (H, W) or (H, W, 3) ndarray
        Grey or RGB, uint8, uint16 or float32 with white at 1; EXIF orientation applied.
    alpha : (H, W) float32 ndarray or None
        0 where the file is transparent, 1 where it is opaque; None if it has no transparency.
    metadata : Metadata
        As stored: `Metadata.orientation` is the one that has been applied.
    note : str or None
        What the user should know about how the file was understood.
    damage : str or None
        What is wrong with the file's data, where the decoder went on all the same: some of the
        pixels are not what they were.
    unit : int
        Rows of the file that a JPEG codes at once; 0 in other formats.
    unproven : bool
        Whether nothing in the file tells wrong pixels from right ones: WebP without losses.
    """

    pixels: Image
    alpha: Float32 | None
    metadata: Metadata
    note: str | None = None
    damage: str | None = None
    unit: int = 0
    unproven: bool = False

    @property
    def transfer(self) -> Transfer | None:
        """How the codes relate to linear light; None where that is sRGB's way."""
        return self.metadata.transfer


class Probe(NamedTuple):
    """What a picture will decode to: width and height are those of the upright picture."""

    width: int
    height: int
    channels: int
    dtype: np.dtype[np.generic]
    metadata: Metadata
    page: int = 0


def read_picture(
    path: str | Path, page: int | None = None, reading: Reading | None = None
) -> Picture:
    """Decode a JPEG, PNG, TIFF, WebP, BMP, HEIC or AVIF file, known by its content, or RAW.

    Parameters
    ----------
    path : path
        The file.
    page : int, optional
        Which picture of the file, as `probe_all` tells; needed only where there are several.
    reading : Reading, optional
        Limits; defaults if not given.

    Raises
    ------
    InputError
        If the file is missing, empty, truncated, not a picture, larger than the limit, of
        several pages, or holds CMYK, Lab or other pixels than 8 or 16 bit integers and float32;
        or if float pixels are not finite or not on a scale where white is 1.
    """
    picture = _open(Path(path), lambda headers: _decode(_only(headers)), reading, page)
    check_values(str(path), picture.pixels)
    return picture


def probe(path: str | Path) -> Probe:
    """Read size, channels, dtype and metadata of a picture file without decoding its pixels.

    Raises
    ------
    InputError
        As `read_picture`, as far as the header tells.
    """
    return _open(Path(path), lambda headers: _describe(_only(headers)))


def probe_all(path: str | Path, reading: Reading | None = None) -> list[Probe]:
    """Return what `probe` does for every frame in a file: TIFF may hold several.

    Raises
    ------
    InputError
        As `read_picture`, as far as the headers tell.
    """
    return _open(Path(path), lambda headers: [_describe(h) for h in headers], reading)


def orient(pixels: Image, orientation: int) -> Image:
    """Turn and mirror stored pixels upright.

    Parameters
    ----------
    pixels : (H, W[, C]) ndarray
        As stored in the file.
    orientation : int
        EXIF tag 0x0112, 1..8.
    """
    if orientation >= 5:
        pixels = cv2.transpose(pixels)
    flip = _FLIPS.get(orientation)
    return np.ascontiguousarray(pixels if flip is None else cv2.flip(pixels, flip))


def as_stored(pixels: Image, orientation: int) -> Image:
    """Turn upright pixels back to how their file stores them; what is returned is a view.

    Examples
    --------
    >>> upright = orient(np.arange(6, dtype=np.uint8).reshape(2, 3), 6)
    >>> as_stored(upright, 6)
    array([[0, 1, 2],
           [3, 4, 5]], dtype=uint8)
    """
    flip = _FLIPS.get(orientation)
    if flip is not None:
        pixels = pixels[:: 1 if flip == 1 else -1, :: 1 if flip == 0 else -1]
    return pixels.swapaxes(0, 1) if orientation >= 5 else pixels


def in_file(
    x: Floats, y: Floats, size: tuple[float, float], orientation: int
) -> tuple[Floats, Floats]:
    """Return where in a file, from its outer corner, places of an upright picture are.

    Parameters
    ----------
    x, y : ndarray
        From the upper left corner of the picture, in pixels.
    size : tuple of float
        Width and height of the upright picture.
    orientation : int
        EXIF orientation of the file.

    Examples
    --------
    >>> [float(z) for z in in_file(np.array(10.0), np.array(30.0), (100, 200), 6)]
    [30.0, 90.0]
    """
    flip = _FLIPS.get(orientation)
    x = size[0] - x if flip in (1, -1) else x
    y = size[1] - y if flip in (0, -1) else y
    return (y, x) if orientation >= 5 else (x, y)


def _open(
    path: Path,
    action: Callable[[list[Header]], _T],
    reading: Reading | None = None,
    page: int | None = None,
) -> _T:
    """Open the file, read its headers and go on with `action`; every failure names the file."""
    how = reading or Reading()
    try:
        with path.open("rb") as file:
            with decoding():
                headers = read_headers(
                    file, page, path.suffix, how.white_balance, how.reduction, how.spare
                )
            size = os.fstat(file.fileno()).st_size
            for header in headers:
                _check_size(header, size, how)
            return action(headers)
    except UnreadableError as error:
        raise InputError(f"{path} {error.reason}.", error.remedy) from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(
            f"{path} cannot be read: {reason}.", "Check its name and permissions."
        ) from error


def _only(headers: list[Header]) -> Header:
    if len(headers) > 1:
        raise UnreadableError(f"holds {len(headers)} pages, where one picture is wanted", SINGLE)
    return headers[0]


def _check_size(header: Header, file_size: int, reading: Reading) -> None:
    pixels = header.width * header.height
    claim = f"claims {header.width} x {header.height} pixels"
    if pixels > 1e6 * reading.most_megapixels:
        raise UnreadableError(
            f"{claim}; the limit is {reading.most_megapixels:g} megapixels",
            f"If it really is that large, allow it: --max-megapixels {pixels / 1e6 + 1:.0f}",
        )
    if pixels * header.channels * header.dtype.itemsize > MOST_COMPRESSED * file_size + (1 << 24):
        raise UnreadableError(f"{claim}, more than its {file_size} bytes can hold")


def _describe(header: Header) -> Probe:
    width, height = header.width, header.height
    if header.metadata.orientation >= 5:
        width, height = height, width
    return Probe(width, height, header.channels, header.dtype, header.metadata, header.page)


def _decode(header: Header) -> Picture:
    with decoding():
        stored = header.decode()
    k = header.reduction
    if stored.shape[:2] != (-(-header.height // k), -(-header.width // k)) or (
        stored.dtype != header.dtype
    ):
        raise UnreadableError("is damaged: its pixels do not match its header")
    damage = join_notes(*header.faults)
    proofs = damage, header.unit, header.unproven
    pixels = orient(stored, header.metadata.orientation)
    if pixels.ndim == 2 or pixels.shape[2] == 3:
        return Picture(pixels, None, header.metadata, header.note, *proofs)
    colours = pixels[..., 0] if header.channels == 1 else pixels[..., :3]
    note = join_notes(header.note, "transparency is taken as a mask")
    alpha = to_float(pixels[..., -1])
    return Picture(np.ascontiguousarray(colours), alpha, header.metadata, note, *proofs)


def check_values(name: str, pixels: Image) -> None:
    """Refuse float pixels that are not finite or not on a scale where white is 1.

    Raises
    ------
    InputError
        Naming `name`.
    """
    if pixels.dtype != np.float32:
        return
    low, high = float(pixels.min()), float(pixels.max())
    if not np.isfinite([low, high]).all():
        raise InputError(
            f"{name} holds values that are not numbers (NaN or infinite).",
            "Export it again, or as 16 bit integers.",
        )
    if high > BRIGHTEST:
        raise InputError(
            f"{name} holds float values up to {high:g}, where white must be 1.",
            "Scale it so that white is 1, or export it as 16 bit integers.",
        )

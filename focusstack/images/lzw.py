"""Whether data packed by LZW are as they were packed.

Decoders of TIFF fill what is missing and leave out what is too much without a word. But codes stand
for pieces of different lengths, and later ones for what earlier ones have made: where some bytes
are others, a code soon stands for nothing, or all together for too many or too few pixels.
"""

from __future__ import annotations

import tifffile

from focusstack.images.header import UnreadableError
from focusstack.numeric.arrays import Image

LZW = 5
"""Number of the compression in TIFF."""

_YCBCR = 6
"""Photometric interpretation whose samples do not all have a place in each pixel."""

_OLD = b"\0\1"
"""How data begin that very old programs have packed in another way."""


def check_lzw(page: tifffile.TiffPage, pieces: list[Image]) -> None:
    """Refuse a page whose packed data make no sense.

    Parameters
    ----------
    page : tifffile.TiffPage
        Of that compression.
    pieces : list of (N,) uint8 ndarray
        Data of its strips or tiles.

    Raises
    ------
    UnreadableError
        If codes stand for nothing, or for more or fewer pixels than there are.
    """
    from focusstack.images.loops.lzw import unpacked_size  # loads the compiler

    if int(page.photometric) == _YCBCR:
        return
    for piece, (whole, least) in zip(pieces, _sizes(page, len(pieces)), strict=False):
        if piece[:2].tobytes() == _OLD:
            continue
        size, _ = unpacked_size(piece)
        if size not in (whole, least):  # some programs fill the last strip
            raise UnreadableError("is damaged (its packed data make no sense)")


def _sizes(page: tifffile.TiffPage, count: int) -> list[tuple[int, int]]:
    """Bytes of each strip or tile, as if it were whole, and as far as it is in the picture."""
    samples = page.samplesperpixel if page.planarconfig == 1 else 1
    width = page.tilewidth if page.is_tiled else page.imagewidth
    row = -(-width * samples * page.bitspersample // 8)
    if page.is_tiled:
        return [(row * page.tilelength,) * 2] * count
    high = min(page.rowsperstrip, page.imagelength)
    each = -(-page.imagelength // high)
    last = page.imagelength - high * (each - 1)
    return [(row * high, row * (last if k % each == each - 1 else high)) for k in range(count)]

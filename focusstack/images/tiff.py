"""TIFF in: structure, pages and metadata by tifffile.

A file with several pages is a stack. OME-TIFF and ImageJ files say which of their planes are focus
positions. Reduced pages and previews are no frames.
"""

from __future__ import annotations

import mmap
from collections.abc import Callable
from functools import partial
from typing import BinaryIO, NamedTuple

import numpy as np
import tifffile

from focusstack.images import ifd, tags
from focusstack.images.header import CONVERT, SINGLE, Header, UnreadableError, decoding
from focusstack.images.metadata import Metadata, check_icc, join_notes, lost_entries
from focusstack.images.tiff_chain import check_planes, page_offsets
from focusstack.images.tiff_pixels import page_pixels
from focusstack.numeric.arrays import Image

_MIN_IS_WHITE, _MIN_IS_BLACK, _RGB, _PALETTE, _YCBCR = 0, 1, 2, 3, 6

PREVIEW = 0.5
"""Share of the largest page, along both sides, up to which a page is a preview of it.

Chosen, not measured: pyramids halve, previews are smaller still, and pages of a stack are equal.
"""

_DESCRIPTION = 0x10E

_DTYPES = (np.uint8, np.uint16, np.float16, np.float32)
"""What is read; half floats become floats."""

_KINDS = {"u": "integer", "i": "signed integer", "f": "floating point"}
"""Words for what is not."""


def tiff_headers(file: BinaryIO, page: int | None = None) -> list[Header]:
    """Read the headers of all frames in a TIFF file, or of the page that is number `page`.

    Raises
    ------
    UnreadableError
        If a page is of a kind that is not supported, or planes differ in more than focus.
    """
    offsets = page_offsets(file)
    with decoding():
        tiff = tifffile.TiffFile(file, _multifile=False)
        if page is not None:
            return [_page_header(file, _loaded(tiff, page, offsets[page]))]
        found = [_looked_at(file, _loaded(tiff, k, place)) for k, place in enumerate(offsets)]
        found = [one for one in found if not one.reduced]
        largest = max(found, key=lambda one: one.width * one.height, default=None)
        if largest is None:
            raise UnreadableError("holds no picture")
        pages = [one for one in found if one is largest or not _is_preview(one, largest)]
        if len(pages) > 1:
            _check_axes(tiff, len(offsets))
        return [one.header() for one in pages]


class _Look(NamedTuple):
    """What is kept of a page while the others are looked at."""

    width: int
    height: int
    reduced: bool
    header: Callable[[], Header]


def _looked_at(file: BinaryIO, page: tifffile.TiffPage) -> _Look:
    """Read the header of a page; what speaks against the page is said when it is wanted."""
    width, height = int(page.imagewidth), int(page.imagelength)
    try:
        header = _page_header(file, page)
    except UnreadableError as error:
        return _Look(width, height, page.is_reduced, partial(_refused, error))
    return _Look(width, height, page.is_reduced, lambda: header)


def _refused(error: UnreadableError) -> Header:
    raise error


def _loaded(tiff: tifffile.TiffFile, number: int, offset: int) -> tifffile.TiffPage:
    """Read one page's directory; none of the others."""
    tiff.filehandle.seek(offset)
    return tifffile.TiffPage(tiff, number)


def _is_preview(page: _Look, largest: _Look) -> bool:
    across, down = page.width / largest.width, page.height / largest.height
    return bool(max(across, down) <= PREVIEW)


def _check_axes(tiff: tifffile.TiffFile, pages: int) -> None:
    """Refuse planes that are not one after the other in focus: channels, several series."""
    if not (tiff.is_ome or tiff.is_imagej):
        return
    check_planes(tiff.pages.first.description, pages)
    axes, shape = tiff.series[0].axes, tiff.series[0].shape
    many = {a: n for a, n in zip(axes, shape, strict=True) if a not in "YXS" and n > 1}
    if "C" in many or len(many) > 1:
        named = {"C": "channels", "T": "times", "Z": "focus positions"}
        found = " x ".join(f"{n} {named.get(a, 'planes')}" for a, n in many.items())
        raise UnreadableError(
            f"holds {found}; a stack is one channel or RGB, at one time",
            "Save one of them, with all its focus positions, as a file of its own.",
        )


def _page_header(file: BinaryIO, page: tifffile.TiffPage) -> Header:
    width, height = int(page.imagewidth), int(page.imagelength)  # TypeError if damaged
    photometric = int(page.photometric)
    dtype = None if page.dtype is None else np.dtype(page.dtype).newbyteorder("=")
    depth = page.bitspersample
    if photometric not in (_MIN_IS_WHITE, _MIN_IS_BLACK, _RGB, _PALETTE, _YCBCR):
        name = getattr(page.photometric, "name", photometric)
        raise UnreadableError(f"has {name} colours, which are not supported", CONVERT)
    if dtype not in _DTYPES or depth != dtype.itemsize * 8:
        raise UnreadableError(
            f"has {depth} bit {_KINDS.get(dtype.kind, dtype.name) if dtype else 'unknown'} pixels, "
            "which are not supported",
            CONVERT,
        )
    if page.imagedepth != 1:
        raise UnreadableError("is a volume, not a picture", SINGLE)
    channels = 1 if photometric in (_MIN_IS_WHITE, _MIN_IS_BLACK) else 3
    metadata, note = _page_metadata(file, page)
    tiff, number, offset = page.parent, page.index, page.offset

    def decode() -> Image:
        with decoding():
            again = _loaded(tiff, number, offset)  # meanwhile its tables take no memory
        return page_pixels(file, again, channels)

    dtype = np.dtype(np.float32) if dtype == np.float16 else dtype
    return Header(width, height, channels, dtype, metadata, decode, note, number)


def _page_metadata(file: BinaryIO, page: tifffile.TiffPage) -> tuple[Metadata, str | None]:
    """Return what the page says; profile and XMP of the first page serve the others."""
    first = page.parent.pages.first
    icc, icc_note = check_icc(page.tags.valueof(34675) or first.tags.valueof(34675))
    xmp = page.tags.valueof(700) or first.tags.valueof(700)
    xmp = xmp.encode() if isinstance(xmp, str) else xmp
    exif, note = None, None
    faults: list[str] = []
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        try:
            layout, _ = ifd.header(data)
            kept = ifd.parse(data, page.offset, layout, faults, tags.DESCRIPTIVE)
            if _describes_planes(kept):
                del kept.fields[_DESCRIPTION]
            if kept.fields or kept.children:
                exif = ifd.serialise(kept, layout[0])
        except ifd.ExifError as error:
            note = f"EXIF data damaged ({error}), left out"
    if faults:
        note = lost_entries(len(faults))
    return Metadata(exif, icc, None if xmp is None else bytes(xmp)), join_notes(note, icc_note)


def _describes_planes(directory: ifd.Directory) -> bool:
    """Whether the description tells how a program numbers planes, true of the whole file only."""
    text = ifd.text(directory, _DESCRIPTION)
    return text.startswith(("<?xml", "<OME", "ImageJ=", '{"shape"'))

"""TIFF in: structure, pages and metadata by tifffile.

A file with several pages is a stack. OME-TIFF and ImageJ files say which of their planes are focus
positions. Reduced pages and previews are no frames.
"""

from __future__ import annotations

import mmap
from typing import BinaryIO

import numpy as np
import tifffile

from focusstack.images import ifd, tags
from focusstack.images.header import CONVERT, SINGLE, Header, UnreadableError, decoding
from focusstack.images.metadata import Metadata, check_icc, join_notes
from focusstack.images.tiff_pixels import page_pixels

_MIN_IS_WHITE, _MIN_IS_BLACK, _RGB, _PALETTE, _YCBCR = 0, 1, 2, 3, 6

PREVIEW = 0.5
"""Share of the largest page, along both sides, up to which a page is a preview of it.

Chosen, not measured: pyramids halve, previews are smaller still, and pages of a stack are equal.
"""

_DESCRIPTION = 0x10E


def tiff_headers(file: BinaryIO, page: int | None = None) -> list[Header]:
    """Read the headers of all frames in a TIFF file, or of the page that is number `page`.

    Raises
    ------
    UnreadableError
        If a page is of a kind that is not supported, or planes differ in more than focus.
    """
    with decoding():
        tiff = tifffile.TiffFile(file, _multifile=False)
        if page is not None:
            return [_page_header(file, _loaded(tiff.pages[page]))]
        every = [_loaded(p) for p in tiff.pages]
        _check_chain(file, every[-1].offset)
        pages = [p for p in every if not p.is_reduced]
        largest = max(pages, key=lambda p: p.imagewidth * p.imagelength, default=None)
        if largest is None:
            raise UnreadableError("holds no picture")
        pages = [p for p in pages if p is largest or not _is_preview(p, largest)]
        if len(pages) > 1:
            _check_axes(tiff)
        return [_page_header(file, p) for p in pages]


def _check_chain(file: BinaryIO, last: int) -> None:
    """Refuse a file that goes on after its last page that can be found."""
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        if ifd.records(data, last, ifd.header(data)[0])[1]:
            raise UnreadableError("is damaged or truncated (some of its pages are missing)")


def _loaded(page: tifffile.TiffPage | tifffile.TiffFrame) -> tifffile.TiffPage:
    return page if isinstance(page, tifffile.TiffPage) else page.aspage()


def _is_preview(page: tifffile.TiffPage, largest: tifffile.TiffPage) -> bool:
    across, down = page.imagewidth / largest.imagewidth, page.imagelength / largest.imagelength
    return bool(max(across, down) <= PREVIEW)


def _check_axes(tiff: tifffile.TiffFile) -> None:
    """Refuse planes that are not one after the other in focus: channels, several series."""
    if not (tiff.is_ome or tiff.is_imagej):
        return
    shaped = tiff.series[0].get_axes(squeeze=True), tiff.series[0].get_shape(squeeze=True)
    many = {a: n for a, n in zip(*shaped, strict=True) if a not in "YXS" and n > 1}
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
    if dtype not in (np.uint8, np.uint16, np.float32) or depth != dtype.itemsize * 8:
        raise UnreadableError(f"has {depth} bit {dtype} pixels, which are not supported", CONVERT)
    if page.imagedepth != 1:
        raise UnreadableError("is a volume, not a picture", SINGLE)
    channels = 1 if photometric in (_MIN_IS_WHITE, _MIN_IS_BLACK) else 3
    metadata, note = _page_metadata(file, page)
    return Header(
        width,
        height,
        channels,
        dtype,
        metadata,
        lambda: page_pixels(file, page, channels),
        note,
        page.index,
    )


def _page_metadata(file: BinaryIO, page: tifffile.TiffPage) -> tuple[Metadata, str | None]:
    """Return what the page says; profile and XMP of the first page serve the others."""
    first = page.parent.pages.first
    icc, icc_note = check_icc(page.tags.valueof(34675) or first.tags.valueof(34675))
    xmp = page.tags.valueof(700) or first.tags.valueof(700)
    xmp = xmp.encode() if isinstance(xmp, str) else xmp
    exif, note = None, None
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        try:
            layout, _ = ifd.header(data)
            kept = ifd.parse(data, page.offset, layout).keep(tags.DESCRIPTIVE)
            if _describes_planes(kept):
                del kept.fields[_DESCRIPTION]
            if kept.fields or kept.children:
                exif = ifd.serialise(kept, layout[0])
        except ifd.ExifError as error:
            note = f"its EXIF data cannot be read ({error}) and is left out"
    return Metadata(exif, icc, None if xmp is None else bytes(xmp)), join_notes(note, icc_note)


def _describes_planes(directory: ifd.Directory) -> bool:
    """Whether the description tells how a program numbers planes, true of the whole file only."""
    text = ifd.text(directory, _DESCRIPTION)
    return text.startswith(("<?xml", "<OME", "ImageJ=", '{"shape"'))

"""A TIFF of several pages, one picture after the other, each with its own metadata."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import BinaryIO

import tifffile

from focusstack.images.metadata import Metadata, for_output
from focusstack.images.tiff_out import CLASSIC_TIFF, append_exif, write_page
from focusstack.numeric.arrays import Image
from focusstack.runtime.files import output_errors


class PageWriter:
    """Writes pictures as pages, uncompressed; the file is complete once it is closed.

    Parameters
    ----------
    path : path
        Where to; to be moved to its name afterwards.
    expected : int
        Bytes of all pixels together: from 4 GB on the file is a BigTIFF.

    Raises
    ------
    OutputError
        From every method, if the disk does not take it.
    """

    def __init__(self, path: Path, expected: int) -> None:
        self.path = path
        self._exif: list[bytes] = []
        with output_errors(path):
            self._file: BinaryIO = path.open("wb+")
            big = expected > CLASSIC_TIFF
            self._tiff = tifffile.TiffWriter(self._file, bigtiff=big, byteorder="<")

    def add(self, pixels: Image, metadata: Metadata) -> None:
        """Append a picture; see `write_image` for what it may be."""
        height, width = pixels.shape[:2]
        output = for_output(metadata, width, height)
        self._exif.append(output.exif or b"")
        with output_errors(self.path):
            write_page(self._tiff, pixels, output)

    def close(self) -> None:
        """Add the metadata that the pages point to, and bring the file to the disk."""
        with output_errors(self.path):
            self._tiff.close()
            append_exif(self._file, self._exif)
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()

    def abandon(self) -> None:
        """Close the file as it is, if it is still open."""
        with contextlib.suppress(OSError, ValueError):
            self._file.close()

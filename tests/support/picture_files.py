"""Stacks in every format that is read, with the metadata that each can carry."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image as Pillow
from PIL.TiffImagePlugin import IFDRational

from focusstack.images.colour import linearise, to_dtype, to_float
from focusstack.images.metadata import Metadata
from focusstack.images.pages import PageWriter
from focusstack.images.write import write_image
from focusstack.numeric.arrays import Image
from tests.support.colour_profiles import DISPLAY_P3, SRGB_CURVE, profile
from tests.support.sensor_data import write_dng

P3 = profile([SRGB_CURVE], DISPLAY_P3, "Display P3")


def exif_of(number: int) -> bytes:
    """EXIF as of a camera; ISO tells which frame it is."""
    exif = Pillow.Exif()
    exif[0x010F], exif[0x0110], exif[0x8298] = "Maker", "Camera 5", "(c) A. Photographer"
    inner = exif.get_ifd(0x8769)
    inner[0x829A], inner[0x829D] = IFDRational(1, 125), IFDRational(56, 10)
    inner[0x920A] = IFDRational(100, 1)
    inner[0x8827] = 100 * (number + 1)
    inner[0x9003] = "2024:05:06 07:08:09"
    inner[0xA434] = "Macro 100 mm"
    return exif.tobytes()


def _eight(pixels: Image) -> Image:
    return to_dtype(to_float(pixels), np.dtype(np.uint8))


def by_pillow(**options: Any) -> Callable[[Path, Image, int], None]:
    def write(path: Path, pixels: Image, number: int) -> None:
        carried = {"exif": exif_of(number), "icc_profile": P3} | options
        Pillow.fromarray(_eight(pixels)).save(path, **carried)

    return write


def by_us(dtype: type) -> Callable[[Path, Image, int], None]:
    """By the program itself, whose files other tests hold against other readers."""

    def write(path: Path, pixels: Image, number: int) -> None:
        exif = exif_of(number).removeprefix(b"Exif\0\0")
        write_image(path, to_dtype(to_float(pixels), np.dtype(dtype)), Metadata(exif, P3))

    return write


def by_bmp(path: Path, pixels: Image, number: int) -> None:
    Pillow.fromarray(_eight(pixels)).save(path)


def by_heif(**options: Any) -> Callable[[Path, Image, int], None]:
    def write(path: Path, pixels: Image, number: int) -> None:
        import pillow_heif

        deep = options.get("deep", False)
        data = pixels if deep else _eight(pixels)
        mode = "RGB;16" if deep else "RGB"
        size = (pixels.shape[1], pixels.shape[0])
        file = pillow_heif.from_bytes(mode, size, np.ascontiguousarray(data).tobytes())
        file.save(path, quality=98, chroma=444, exif=exif_of(number), icc_profile=P3)

    return write


def by_dng(path: Path, pixels: Image, number: int) -> None:
    write_dng(path, linearise(pixels), iso=100 * (number + 1))


def as_pages(path: Path, frames: list[Image]) -> None:
    writer = PageWriter(path, expected=0)
    for number, frame in enumerate(frames):
        writer.add(frame, Metadata(exif_of(number).removeprefix(b"Exif\0\0"), P3))
    writer.close()


def as_film(path: Path, frames: list[Image]) -> None:
    import av

    with av.open(path, "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt, stream.bit_rate = "yuv420p", 20_000_000
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(_eight(frame), format="rgb24")))
        container.mux(stream.encode(None))

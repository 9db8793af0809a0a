"""Small stacks in every format that is read, to be damaged."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import tifffile
from PIL import Image as Pillow
from PIL import ImageCms

from focusstack.images.colour import linearise, to_float
from focusstack.numeric.arrays import Image
from focusstack.scene.stack import render_stack
from tests.support.sensor_data import write_dng

Writer = Callable[[Path, Image], None]


def _carried() -> dict[str, Any]:
    """EXIF, profile and XMP, so that their readers are met too."""
    exif = Pillow.Exif()
    exif[0x010F], exif[0x0112] = "Maker", 1
    exif.get_ifd(0x8769)[0x8827] = 200
    exif.get_ifd(0x8769)[0x829A] = 0.01
    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return {"exif": exif.tobytes(), "icc_profile": icc}


def _by_pillow(exif: bool = True, **options: Any) -> Writer:
    carried = _carried() if exif else {}

    def write(path: Path, pixels: Image) -> None:
        Pillow.fromarray(np.uint8(pixels >> 8)).save(path, **carried, **options)

    return write


def _by_opencv(*flags: int) -> Writer:
    def write(path: Path, pixels: Image) -> None:
        cv2.imwrite(str(path), np.ascontiguousarray(pixels[..., ::-1]), flags)

    return write


def _by_tifffile(dtype: type = np.uint16, **options: Any) -> Writer:
    def write(path: Path, pixels: Image) -> None:
        values = to_float(pixels) if dtype is np.float32 else pixels
        icc = _carried()["icc_profile"]
        tifffile.imwrite(path, values, photometric="rgb", iccprofile=icc, **options)

    return write


def _with_alpha(path: Path, pixels: Image) -> None:
    alpha = np.full_like(pixels[..., :1], 65535)
    cv2.imwrite(str(path), np.concatenate([pixels[..., ::-1], alpha], -1))


def _heic(path: Path, pixels: Image) -> None:
    import pillow_heif

    pillow_heif.register_heif_opener()
    _by_pillow(quality=95)(path, pixels)


def _dng(path: Path, pixels: Image) -> None:
    write_dng(path, linearise(pixels))


LZW = (cv2.IMWRITE_TIFF_COMPRESSION, cv2.IMWRITE_TIFF_COMPRESSION_LZW)

WRITERS: dict[str, tuple[str, Writer]] = {
    "jpeg": (".jpg", _by_pillow(quality=95)),
    "jpeg progressive": (".jpg", _by_pillow(quality=95, progressive=True)),
    "png 8": (".png", _by_pillow()),
    "png 16": (".png", _by_opencv()),
    "png alpha": (".png", _with_alpha),
    "webp": (".webp", _by_pillow(lossless=True)),
    "bmp": (".bmp", _by_pillow(exif=False)),
    "avif": (".avif", _by_pillow(quality=95)),
    "heic": (".heic", _heic),
    "dng": (".dng", _dng),
    "tiff 16": (".tif", _by_tifffile()),
    "tiff float": (".tif", _by_tifffile(np.float32)),
    "tiff tiles": (".tif", _by_tifffile(tile=(16, 16), compression="zlib")),
    "tiff lzw": (".tif", _by_opencv(*LZW)),
    "tiff lzw 8": (".tif", _by_pillow(exif=False, compression="tiff_lzw")),
    "bigtiff": (".tif", _by_tifffile(bigtiff=True)),
}
"""Suffix and writer of each kind of picture: it takes 16 bit RGB."""


def write_seeds(folder: Path) -> dict[str, list[Path]]:
    """Write a stack of every kind; return its files by kind."""
    frames = render_stack("plane", width=96, height=80, frames=3, blur=2, seed=3, bits=16).frames
    found: dict[str, list[Path]] = {}
    for kind, (suffix, write) in WRITERS.items():
        place = folder / kind.replace(" ", "-")
        place.mkdir(parents=True)
        found[kind] = [place / f"{k}{suffix}" for k in range(len(frames))]
        for path, frame in zip(found[kind], frames, strict=True):
            write(path, frame)
    stack = np.stack(frames)
    pages = folder / "pages" / "stack.ome.tif"
    pages.parent.mkdir()
    tifffile.imwrite(pages, stack, ome=True, photometric="rgb", metadata={"axes": "ZYXS"})
    film = folder / "film" / "film.mp4"
    film.parent.mkdir()
    _write_film(film, [np.uint8(frame >> 8) for frame in frames])
    return found | {"ome-tiff": [pages], "film": [film]}


def _write_film(path: Path, pictures: list[Image]) -> None:
    import av

    with av.open(path, "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        for picture in pictures:
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))

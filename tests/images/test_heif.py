"""HEIC and AVIF: what they decode to, and that they are upright once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from focusstack.errors import InputError
from focusstack.images import ifd
from focusstack.images.read import probe, read_picture
from focusstack.images.write import write_image
from focusstack.numeric.arrays import Image
from tests.support.colour_profiles import SRGB_CURVE, profile


def gradient(width: int = 96, height: int = 64) -> Image:
    x, y = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    return np.asarray(np.rint(255 * np.stack([x, y, (x + y) / 2], -1)).astype(np.uint8))


def exif_of(orientation: int) -> Pillow.Exif:
    exif = Pillow.Exif()
    exif[0x010F], exif[0x0112] = "Maker", orientation
    return exif


@pytest.mark.parametrize("suffix", [".heic", ".avif"])
def test_heif(tmp_path: Path, suffix: str) -> None:
    heif = pytest.importorskip("pillow_heif")
    heif.register_heif_opener()
    icc = profile([SRGB_CURVE])
    path = tmp_path / f"a{suffix}"
    image = Pillow.fromarray(gradient())
    image.save(path, quality=98, exif=exif_of(1), icc_profile=icc, xmp=b"<x/>")
    found = read_picture(path)
    assert probe(path)[:4] == (96, 64, 3, np.dtype(np.uint8))
    assert np.abs(found.pixels.astype(int) - gradient()).mean() < 2
    assert found.metadata.icc == icc
    assert found.metadata.exif is not None
    assert ifd.text(ifd.read(found.metadata.exif), 0x010F) == "Maker"
    assert b"<x/>" in (found.metadata.xmp or b"")


@pytest.mark.parametrize("bits", [10, 12])
def test_heic_of_more_than_8_bits(tmp_path: Path, bits: int) -> None:
    heif = pytest.importorskip("pillow_heif")
    ramp = np.linspace(0, 65535, 96).astype(np.uint16)
    grey = np.repeat(np.repeat(ramp[None, :, None], 64, 0), 3, 2)
    heif.options.SAVE_HDR_TO_12_BIT = bits == 12
    try:
        image = heif.from_bytes("RGB;16", (96, 64), grey.tobytes())
        image.save(tmp_path / "a.heic", quality=100, chroma=444)
    finally:
        heif.options.SAVE_HDR_TO_12_BIT = False
    found = read_picture(tmp_path / "a.heic").pixels
    assert found.dtype == np.uint16
    assert found.max() == 65535  # white is full code
    assert np.abs(found.astype(int) - grey).mean() < 120  # of 65535: below half a code of 8 bits
    assert len(np.unique(found[..., 1])) > 90


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_avif_is_upright_once(tmp_path: Path, orientation: int) -> None:
    """The format says how to turn, and the EXIF repeats it: that is one turn, not two."""
    path = tmp_path / "a.avif"
    turns = {1: 0, 3: 2, 6: 1, 8: 3}[orientation]
    stored = np.ascontiguousarray(np.rot90(gradient(), turns))
    Pillow.fromarray(stored).save(path, quality=98, exif=exif_of(orientation))
    found = read_picture(path)
    assert found.pixels.shape == gradient().shape
    assert np.abs(found.pixels.astype(int) - gradient()).mean() < 2
    write_image(tmp_path / "a.png", found.pixels, found.metadata)
    assert read_picture(tmp_path / "a.png").metadata.orientation == 1


@pytest.mark.parametrize("suffix", [".heic", ".avif"])
def test_truncated_heif(tmp_path: Path, suffix: str) -> None:
    heif = pytest.importorskip("pillow_heif")
    heif.register_heif_opener()
    path = tmp_path / f"a{suffix}"
    Pillow.fromarray(gradient()).save(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 6 // 10])
    with pytest.raises(InputError, match="damaged or truncated"):
        read_picture(path)

"""Damage in WebP, which its decoder passes over."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from focusstack.images.webp import SPARE, check_end
from focusstack.numeric.arrays import Image
from focusstack.scene.stack import render_stack
from tests.images.spoiling import count_spoilt

FRAMES = render_stack("plane", width=240, height=180, frames=4, seed=7).frames


def saved(pixels: Image, **options: object) -> bytes:
    file = io.BytesIO()
    Pillow.fromarray(pixels).save(file, "WEBP", **options)
    return file.getvalue()


@pytest.mark.parametrize("method", range(0, 7, 2))
@pytest.mark.parametrize("k", range(4))
@pytest.mark.parametrize("lossless", [True, False])
def test_sound_files_are_taken(k: int, method: int, lossless: bool) -> None:
    options = {"lossless": lossless, "method": method, "quality": 95 - 25 * k}
    check_end(saved(FRAMES[k], **options))
    check_end(saved(FRAMES[k][k:, k:], **options, exif=b"Exif\0\0" + bytes(9)))
    alpha = np.dstack([FRAMES[k], np.arange(240, dtype=np.uint8)[None].repeat(180, 0)])
    check_end(saved(alpha, **options))


@pytest.mark.parametrize("size", [(1, 1), (64, 64), (200, 3)])
@pytest.mark.parametrize("lossless", [True, False])
def test_even_pictures_are_taken(size: tuple[int, int], lossless: bool) -> None:
    check_end(saved(np.full((*size, 3), 90, np.uint8), lossless=lossless))


def test_what_holds_no_pixels_is_none_of_its_business() -> None:
    check_end(b"RIFF")


@pytest.mark.parametrize(("lossless", "share"), [(True, 0.25), (False, 0.95)])
def test_data_that_go_on_are_told(tmp_path: Path, lossless: bool, share: float) -> None:
    """Nearly all that was packed with losses, and part of what was packed without."""
    told, silent = count_spoilt(
        saved(FRAMES[0], lossless=lossless, quality=90), tmp_path / "a.webp"
    )
    assert told > share * (told + silent) > 5
    assert 4 <= SPARE < 16

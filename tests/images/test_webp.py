"""Damage in lossless WebP, which its decoder passes over."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from focusstack.errors import InputError
from focusstack.images.read import read_picture
from focusstack.images.webp import SPARE, check_lossless
from focusstack.numeric.arrays import Image
from focusstack.scene.stack import render_stack

FRAMES = render_stack("plane", width=240, height=180, frames=4, seed=7).frames


def saved(pixels: Image, **options: object) -> bytes:
    file = io.BytesIO()
    Pillow.fromarray(pixels).save(file, "WEBP", **options)
    return file.getvalue()


@pytest.mark.parametrize("method", range(0, 7, 2))
@pytest.mark.parametrize("k", range(4))
def test_sound_files_are_taken(k: int, method: int) -> None:
    check_lossless(saved(FRAMES[k], lossless=True, method=method))
    check_lossless(
        saved(FRAMES[k][k:, k:], lossless=True, method=method, exif=b"Exif\0\0" + bytes(9))
    )


@pytest.mark.parametrize("size", [(1, 1), (64, 64), (200, 3)])
def test_even_pictures_are_taken(size: tuple[int, int]) -> None:
    check_lossless(saved(np.full((*size, 3), 90, np.uint8), lossless=True))


def test_files_of_other_kinds_are_taken() -> None:
    check_lossless(saved(FRAMES[0], quality=80))
    check_lossless(b"RIFF")


def test_data_that_go_on_are_told(tmp_path: Path) -> None:
    """Many of those whose decoder says nothing; the rest cannot be told from others so."""
    data, random = saved(FRAMES[0], lossless=True), np.random.default_rng(1)
    path, told, silent = tmp_path / "a.webp", 0, 0
    path.write_bytes(data)
    assert read_picture(path).pixels.shape == FRAMES[0].shape
    for _ in range(60):
        rotten = bytearray(data)
        at = int(random.integers(1000, len(data) - 100))
        rotten[at : at + 30] = random.bytes(30)
        path.write_bytes(rotten)
        try:
            read_picture(path)
            silent += 1
        except InputError as error:
            told += "go on behind the last pixel" in str(error)
    assert told > silent / 3 > 1
    assert 4 <= SPARE < 16

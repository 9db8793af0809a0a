"""Damage in AVIF, which its decoder passes over."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow
from PIL.AvifImagePlugin import AvifImageFile

from focusstack.images.avif import SPARE, check_end
from focusstack.images.header import UnreadableError
from focusstack.numeric.arrays import Image
from focusstack.scene.stack import render_stack
from tests.images.spoiling import count_spoilt

FRAMES = render_stack("plane", width=240, height=180, frames=4, seed=7).frames


def saved(pixels: Image, **options: object) -> bytes:
    file = io.BytesIO()
    Pillow.fromarray(pixels).save(file, "AVIF", **options)
    return file.getvalue()


@pytest.mark.parametrize("speed", [4, 9])
@pytest.mark.parametrize("k", range(4))
def test_sound_files_are_taken(k: int, speed: int) -> None:
    options = {"quality": 95 - 25 * k, "speed": speed}
    check_end(saved(FRAMES[k], **options))
    check_end(saved(FRAMES[k][k:, k:, 0], **options))
    check_end(saved(FRAMES[k], **options, subsampling="4:4:4"))
    alpha = np.dstack([FRAMES[k], np.arange(240, dtype=np.uint8)[None].repeat(180, 0)])
    check_end(saved(alpha, **options))
    check_end(saved(FRAMES[k], **options, tile_rows=1, tile_cols=1))


@pytest.mark.parametrize("value", [0, 90, 255])
@pytest.mark.parametrize("size", [(1, 1), (64, 64), (200, 3)])
def test_even_pictures_are_taken(size: tuple[int, int], value: int) -> None:
    check_end(saved(np.full((*size, 3), value, np.uint8)))


@pytest.mark.parametrize("value", [0, 120, 255])
def test_pictures_that_end_evenly_are_taken(value: int) -> None:
    frame = FRAMES[0].copy()
    frame[90:] = value
    check_end(saved(frame, quality=90))


def test_zeros_that_fill_up_are_no_damage() -> None:
    """Data that end in zeros are as long as they would be without: more are cut off."""
    data = saved(FRAMES[0], quality=90)
    padded = filled_up(data, 40)
    with Pillow.open(io.BytesIO(padded)) as seen, Pillow.open(io.BytesIO(data)) as meant:
        assert np.array_equal(np.asarray(seen), np.asarray(meant))
    check_end(padded)


def filled_up(data: bytes, count: int) -> bytes:
    """An AVIF whose frame has zeros behind it; the numbers that tell its length follow."""
    from focusstack.images.avif import _coded_parts, _number

    (part,) = _coded_parts(data)
    out = bytearray(data) + bytes(count)
    out[part.length_at : part.length_at + part.length_bytes] = _number(
        part.size + count, part.length_bytes
    )
    for place in (data.find(b"iloc") + 22, data.find(b"mdat") - 4):
        length = int.from_bytes(data[place : place + 4], "big") + count
        out[place : place + 4] = length.to_bytes(4, "big")
    return bytes(out)


def test_what_is_no_avif_is_none_of_its_business() -> None:
    for data in (b"", b"iloc", b"\0\0\0\x20iloc" + bytes(40), b"\0\0\0\x20iloc" + b"\xff" * 40):
        check_end(data)


def test_any_spoilt_header_ends_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Numbers of the file are not trusted: garbage in it is either passed over or refused."""
    data, random = saved(FRAMES[0], quality=50), np.random.default_rng(2)
    monkeypatch.setattr(AvifImageFile, "load", lambda _: None)
    start = data.find(b"iloc")
    for _ in range(300):
        rotten = bytearray(data)
        at = start - 4 + int(random.integers(60))
        rotten[at : at + 4] = random.bytes(4)
        try:
            check_end(bytes(rotten))
        except UnreadableError:
            continue


def test_data_that_go_on_are_told(tmp_path: Path) -> None:
    """All that the decoder passes over."""
    told, silent = count_spoilt(saved(FRAMES[0], quality=90, speed=9), tmp_path / "a.avif")
    assert told > 20
    assert silent == 0
    assert 6 <= SPARE <= 12  # what sound data always have, and what a few bytes of filling take

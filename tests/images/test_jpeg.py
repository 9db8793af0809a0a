"""JPEG: what the decoder finds damaged is kept with the picture."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow

from focusstack.errors import KEEP_DAMAGED
from focusstack.frames.damaged import DamagedError
from focusstack.frames.files import FileFrames
from focusstack.images.read import Reading, read_picture
from focusstack.numeric.arrays import Image

RNG = np.random.default_rng(0)
PICTURE = (
    np.clip(RNG.normal(128, 40, (30, 40, 3)), 0, 255).astype(np.uint8).repeat(4, 0).repeat(4, 1)
)


def encoded(**options: Any) -> bytearray:
    file = io.BytesIO()
    Pillow.fromarray(PICTURE).save(file, "JPEG", quality=95, **options)
    return bytearray(file.getvalue())


def shortened(data: bytearray) -> None:
    """Take away what would be the lower half."""
    del data[len(data) // 2 : -2]


def with_another_marker(data: bytearray) -> None:
    """Give a restart marker the number of another one."""
    data[data.index(b"\xff\xd3") + 1] = 0xD6


def overlong(data: bytearray) -> None:
    """Repeat a part of the data."""
    data[-300:-2] = data[-300:-2] * 2


@pytest.mark.parametrize(
    ("damage", "options", "said"),
    [
        (shortened, {}, "the JPEG data end too early"),
        (shortened, {"progressive": True}, "the JPEG data end too early"),
        (with_another_marker, {"restart_marker_rows": 1}, "the restart markers are out of order"),
        (overlong, {}, "the JPEG data do not fill the picture as they should"),
    ],
)
def test_damage_is_told_and_not_printed(
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    damage: Callable[[bytearray], None],
    options: dict[str, Any],
    said: str,
) -> None:
    data = encoded(**options)
    damage(data)
    (tmp_path / "a.jpg").write_bytes(data)
    found = read_picture(tmp_path / "a.jpg")
    assert found.damage == said
    assert found.pixels.shape == PICTURE.shape
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"restart_marker_rows": 1}])
@pytest.mark.parametrize("grey", [False, True])
@pytest.mark.parametrize("reduction", [1, 2, 4, 8])
def test_sound_pictures(
    tmp_path: Path, options: dict[str, Any], grey: bool, reduction: int
) -> None:
    pixels = PICTURE[..., 0] if grey else PICTURE
    Pillow.fromarray(pixels).save(tmp_path / "a.jpg", quality=95, subsampling=0, **options)
    found = read_picture(tmp_path / "a.jpg", reading=Reading(reduction=reduction))
    assert found.damage is None
    assert (
        found.pixels.shape == tuple(-(-n // reduction) for n in pixels.shape[:2]) + pixels.shape[2:]
    )
    mean = found.pixels.mean((0, 1)) - pixels.mean((0, 1))
    assert np.abs(mean).max() < 1.5


def test_chroma_of_an_unusual_kind(tmp_path: Path) -> None:
    """One factor of luma to three of chroma has no name in TurboJPEG."""
    data = encoded(subsampling=0)
    at = data.index(b"\xff\xc0") + 11
    assert data[at : at + 8 : 3] == b"\x11\x11\x11"
    data[at], data[at + 3], data[at + 6] = 0x12, 0x11, 0x12
    (tmp_path / "a.jpg").write_bytes(data)
    assert read_picture(tmp_path / "a.jpg").pixels.shape == PICTURE.shape


def stack(folder: Path) -> list[Path]:
    """Two files, of which the second is damaged."""
    other: Image = np.ascontiguousarray(PICTURE[::-1])
    Pillow.fromarray(other).save(folder / "a.jpg", quality=95)
    data = encoded()
    shortened(data)
    (folder / "b.jpg").write_bytes(data)
    return [folder / "a.jpg", folder / "b.jpg"]


def test_a_damaged_frame_is_an_error_that_holds_what_became_of_it(tmp_path: Path) -> None:
    frames = FileFrames(stack(tmp_path))
    assert frames.read(0).damage is None
    with pytest.raises(
        DamagedError, match=r"b\.jpg is damaged: the JPEG data end too early"
    ) as found:
        frames.read(1)
    assert found.value.picture.pixels.shape == PICTURE.shape
    assert KEEP_DAMAGED in found.value.changes


def test_a_damaged_frame_that_is_wanted(tmp_path: Path) -> None:
    frames = FileFrames(stack(tmp_path), reading=Reading(keep_damaged=True))
    assert frames.read(1).note == "damaged (the JPEG data end too early), and used all the same"

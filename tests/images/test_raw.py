"""Camera RAW: developed to light, alike for all frames of a stack."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from focusstack.errors import InputError
from focusstack.frames.files import FileFrames
from focusstack.images.colour import linearise
from focusstack.images.read import read_picture
from focusstack.numeric.arrays import Float32
from focusstack.pipeline import stack
from focusstack.scene.stack import render_stack
from tests.support.sensor_data import write_dng


def surface(level: float = 0.3) -> Float32:
    """Even grey light with a brighter patch, in sRGB's primaries."""
    light = np.full((96, 128, 3), level, np.float32)
    light[20:60, 30:80] *= 2
    return light


def test_raw_is_developed_to_light(tmp_path: Path) -> None:
    """Development undoes the sensor: grey is grey, and values are the light that there was."""
    pytest.importorskip("rawpy")
    write_dng(tmp_path / "a.dng", surface())
    found = read_picture(tmp_path / "a.dng")
    assert found.pixels.dtype == np.uint16
    light = linearise(found.pixels, found.transfer)[8:-8, 8:-8]
    assert light[:5].mean((0, 1)) == pytest.approx(np.full(3, 0.3), rel=0.03)
    assert light[30, 50] == pytest.approx(np.full(3, 0.6), rel=0.03)
    assert found.metadata.iso == 200
    assert found.metadata.icc is not None


def test_raw_frames_differ_by_exposure_alone(tmp_path: Path) -> None:
    """Neither content nor the camera's changing white balance brightens or colours a frame."""
    pytest.importorskip("rawpy")
    write_dng(tmp_path / "1.dng", surface(0.3))
    write_dng(tmp_path / "2.dng", surface(0.15))
    dimmed = surface(0.3)
    dimmed[:, 64:] = 0.01
    write_dng(tmp_path / "3.dng", dimmed)
    frames = FileFrames([tmp_path / f"{k}.dng" for k in (1, 2, 3)])
    light = [linearise(frames.read(i).pixels)[8:16, 8:40].mean((0, 1)) for i in range(3)]
    assert light[1] / light[0] == pytest.approx(np.full(3, 0.5), rel=0.01)
    assert light[2] / light[0] == pytest.approx(np.ones(3), rel=0.01)


def test_one_white_balance_for_all(tmp_path: Path) -> None:
    pytest.importorskip("rawpy")
    neutral = (0.5, 1.0, 0.6)
    other = (0.6, 1.0, 0.5)
    write_dng(tmp_path / "1.dng", surface(), neutral)
    # The same sensor values, with another opinion of the camera about white.
    write_dng(tmp_path / "2.dng", surface() * np.array(neutral, np.float32) / other, other)
    frames = FileFrames([tmp_path / "1.dng", tmp_path / "2.dng"])
    means = [linearise(frames.read(i).pixels).mean((0, 1)) for i in range(2)]
    assert means[1] == pytest.approx(means[0], rel=0.01)
    alone = linearise(read_picture(tmp_path / "2.dng").pixels).mean((0, 1))
    assert abs(alone[0] / means[0][0] - 1) > 0.1


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_raw_is_upright_once(tmp_path: Path, orientation: int) -> None:
    pytest.importorskip("rawpy")
    write_dng(tmp_path / "a.dng", surface(), orientation=orientation)
    found = read_picture(tmp_path / "a.dng").pixels
    write_dng(tmp_path / "b.dng", surface())
    turns = {3: 2, 6: 3, 8: 1}[orientation]
    expected = np.rot90(read_picture(tmp_path / "b.dng").pixels, turns)
    np.testing.assert_array_equal(found, expected)


def test_raw_stack_end_to_end(tmp_path: Path) -> None:
    pytest.importorskip("rawpy")
    rendered = render_stack("plane", width=240, height=180, frames=4, blur=3, seed=4, bits=16)
    for k, frame in enumerate(rendered.frames):
        write_dng(tmp_path / f"{k}.dng", linearise(frame) * 0.9, iso=100 * (k + 1))
    result = stack(tmp_path, tmp_path / "out")
    assert sorted(p.name for p in (tmp_path / "out/aligned").iterdir()) == [
        f"{k}.tif" for k in range(4)
    ]
    assert result.plan.residual_px is not None
    assert result.plan.residual_px.median < 0.3
    for k in range(4):
        found = read_picture(tmp_path / f"out/aligned/{k}.tif")
        assert found.pixels.dtype == np.uint16
        assert found.metadata.iso == 100 * (k + 1)


def test_damaged_raw(tmp_path: Path) -> None:
    pytest.importorskip("rawpy")
    write_dng(tmp_path / "a.dng", surface())
    data = (tmp_path / "a.dng").read_bytes()
    for cut in (data[:40], data[: len(data) // 2], b"no sensor data"):
        (tmp_path / "a.dng").write_bytes(cut)
        with pytest.raises(InputError, match=r"a\.dng"):
            read_picture(tmp_path / "a.dng")
